"""Every network in the registry, at random weights: its record is what it does."""

import hashlib
import re

import pytest
import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.errors import ImageError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks import list_networks
from puppyslug.networks.architectures.local_response_norm import LocalResponse
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP, PackagedWeights, RemoteFile
from puppyslug.networks.weights.cache import is_here
from puppyslug.networks.weights.loader import packaged_path
from puppyslug.objectives import parse_objective
from puppyslug.recipe.recipe import Recipe
from support.randomness import random_family, random_network, structures

STRUCTURES = pytest.mark.parametrize("spec", structures(), ids=lambda spec: spec.name)
SPECS = pytest.mark.parametrize("spec", list_networks(), ids=lambda spec: spec.name)


def smallest(spec):
    return max(layer.smallest for layer in spec.layers)


@STRUCTURES
def test_a_record_agrees_with_the_network(spec):
    network = random_network(spec.name)
    names = [layer.name for layer in spec.layers]
    least = smallest(spec)
    for size in ((least, least + 33), (least + 1, least + 35)):
        activations = network.activations(torch.rand(1, 3, *size), names)
        assert list(activations) == names
        for layer in spec.layers:
            assert activations[layer.name].shape == (1, layer.channels, *layer.positions(size))


@STRUCTURES
def test_positions_see_as_far_as_the_record_says(spec, monkeypatch):
    """A pixel that is no number spoils exactly those positions that see it."""
    # It mixes channels, never places, and its powers of no number are lost in a ReLU on bits.
    monkeypatch.setattr(LocalResponse, "forward", lambda self, x: x)
    layers = [layer for layer in spec.layers if layer.receptive_field < 180]
    names = [layer.name for layer in layers]
    network = random_network(spec.name)
    for row, column in ((171, 160), (158, 175)):
        image = torch.rand(1, 3, 336, 320)
        image[..., row, column] = torch.nan
        for name, activation in network.activations(image, names).items():
            extent = spec.layer(name).extent
            spoilt = activation.isnan().any(1)[0]
            for place, lines in ((row, spoilt.any(1)), (column, spoilt.any(0))):
                found = set(lines.nonzero().flatten().tolist())
                first = -(-(place - extent.stride + 1 - extent.behind) // extent.stride)
                last = (place + extent.before) // extent.stride
                expected = set(range(max(first, 0), min(last + 1, len(lines))))
                if spec.architecture == "efficientnet":  # how far depends on the size being odd
                    assert found <= expected
                else:
                    assert found == expected


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_receptive_fields_are_those_of_the_gradient(name):
    """With all weights positive, the gradient of one position reaches exactly as far as it sees."""
    (spec,) = (spec for spec in list_networks() if spec.name == name)
    architecture = random_family(spec)
    for parameter in architecture.parameters():
        parameter.fill_(0.5 / parameter[0].numel() if parameter.dim() == 4 else 0.0)
    layers = {layer.name: layer for layer in spec.layers if layer.receptive_field < 230}
    image = torch.ones(1, 3, 320, 320, requires_grad=True)
    for layer, activation in Network(spec, architecture).activations(image, layers).items():
        middle = activation.shape[-1] // 2
        (gradient,) = torch.autograd.grad(
            activation[0, 0, middle, middle], image, retain_graph=True
        )
        seen = gradient.abs().sum((0, 1, 2)).nonzero()
        assert int(seen.max() - seen.min()) + 1 == layers[layer].receptive_field


@STRUCTURES
def test_it_dreams_at_its_smallest_size_and_not_below(spec):
    network = random_network(spec.name)
    top, edge = spec.layers[-1].name, smallest(spec)
    recipe = Recipe.complete(
        {"network": spec.name, "objective": top, "octaves": 1, "iterations": 2, "jitter": 3}
    )
    image = torch.rand(1, 3, edge, edge, generator=torch.Generator().manual_seed(1))
    steps = list(dream_steps(image, recipe, network))
    assert len(steps) == 2
    assert steps[-1].image.isfinite().all()
    with pytest.raises(ImageError, match=rf"too small for .*{edge}×{edge}.*larger"):
        list(dream_steps(image[..., 1:], recipe, network))


@STRUCTURES
def test_it_dreams_in_bfloat16_and_by_winograd(spec):
    network = random_network(spec.name, "bfloat16", winograd_from=16)
    recipe = Recipe.complete({"network": spec.name, "octaves": 1, "iterations": 2, "jitter": 3})
    edge = spec.layer(spec.default_layer).smallest + 40
    image = torch.rand(1, 3, edge, edge, generator=torch.Generator().manual_seed(1))
    last = list(dream_steps(image, recipe, network))[-1]
    assert last.image.isfinite().all()
    assert not torch.equal(last.image, image)


@SPECS
def test_a_record_is_whole(spec):
    names = [layer.name for layer in spec.layers]
    assert spec.default_layer in names
    assert set(spec.depths) <= set(names)
    assert list(spec.depths) == sorted(spec.depths, key=names.index)
    assert spec.depth(spec.shows[0][0]) == 0
    assert [first for first, _ in spec.shows] == sorted(
        (first for first, _ in spec.shows), key=spec.depth
    )
    assert all(spec.tends_to_show(name) for name in names)
    assert all((spec.licence, spec.credit, spec.source, spec.title))
    if spec.classes:
        assert spec.layer(CLASS_MAP).channels == spec.classes
        assert bool(spec.vocabulary) != bool(spec.labels)


@SPECS
def test_weights_are_known_by_their_hash_and_have_several_places(spec):
    weights = spec.weights
    if isinstance(weights, PackagedWeights):
        assert re.fullmatch("[0-9a-f]{64}", weights.sha256)
        if is_here(spec):
            data = packaged_path(weights).read_bytes()
            assert hashlib.sha256(data).hexdigest() == weights.sha256
        return
    assert isinstance(weights, RemoteFile)
    assert weights.size > 1_000_000
    assert "/" not in weights.name
    unpublished = spec.name == "googlenet-places365"
    assert unpublished or re.fullmatch("sha256:[0-9a-f]{64}|sha1:[0-9a-f]{40}", weights.checksum)
    assert unpublished or len(set(weights.urls)) >= 2
    if weights.name.endswith(".pth"):  # torchvision's names begin the hash
        assert f"-{weights.checksum.removeprefix('sha256:')[:8]}.pth" in weights.name


def test_the_class_map_goes_by_the_literatures_name_too():
    network = random_network("googlenet")
    image = torch.rand(1, 3, 64, 64)
    found = network.activations(image, ["loss3/classifier", CLASS_MAP, "inception_4c/output"])
    assert list(found) == ["loss3/classifier", CLASS_MAP, "inception_4c/output"]
    assert found["loss3/classifier"] is found[CLASS_MAP]
    score, _ = value_and_gradient(network, parse_objective("loss3/classifier:207"), image)
    assert score.item() == pytest.approx(found[CLASS_MAP][:, 207].mean().item(), rel=1e-4)
