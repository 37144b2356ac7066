"""Every network in the registry, at random weights: its record is what it does."""

import hashlib
import re

import pytest
import torch

from puppyslug.dreaming import dream_steps
from puppyslug.errors import ImageError
from puppyslug.gradient import value_and_gradient
from puppyslug.networks import list_networks
from puppyslug.networks.cache import is_here
from puppyslug.networks.families.normalisation import LocalResponse
from puppyslug.networks.network import Network
from puppyslug.networks.records import CLASS_MAP, PackagedWeights, RemoteFile
from puppyslug.networks.weights import packaged_path
from puppyslug.objectives import parse_objective
from puppyslug.recipe import Recipe
from randomness import random_family, random_network, structures

STRUCTURES = pytest.mark.parametrize("record", structures(), ids=lambda record: record.name)
RECORDS = pytest.mark.parametrize("record", list_networks(), ids=lambda record: record.name)


def smallest(record):
    return max(layer.smallest for layer in record.layers)


@STRUCTURES
def test_a_record_agrees_with_the_network(record):
    network = random_network(record.name)
    names = [layer.name for layer in record.layers]
    least = smallest(record)
    for size in ((least, least + 33), (least + 1, least + 35)):
        activations = network.activations(torch.rand(1, 3, *size), names)
        assert list(activations) == names
        for layer in record.layers:
            assert activations[layer.name].shape == (1, layer.channels, *layer.positions(size))


@STRUCTURES
def test_positions_see_as_far_as_the_record_says(record, monkeypatch):
    """A pixel that is no number spoils exactly those positions that see it."""
    # It mixes channels, never places, and its powers of no number are lost in a ReLU on bits.
    monkeypatch.setattr(LocalResponse, "forward", lambda self, x: x)
    layers = [layer for layer in record.layers if layer.receptive_field < 180]
    names = [layer.name for layer in layers]
    network = random_network(record.name)
    for row, column in ((171, 160), (158, 175)):
        image = torch.rand(1, 3, 336, 320)
        image[..., row, column] = torch.nan
        for name, activation in network.activations(image, names).items():
            extent = record.layer(name).extent
            spoilt = activation.isnan().any(1)[0]
            for place, lines in ((row, spoilt.any(1)), (column, spoilt.any(0))):
                found = set(lines.nonzero().flatten().tolist())
                first = -(-(place - extent.stride + 1 - extent.behind) // extent.stride)
                last = (place + extent.before) // extent.stride
                expected = set(range(max(first, 0), min(last + 1, len(lines))))
                if record.family == "efficientnet":  # how far depends on the size being odd
                    assert found <= expected
                else:
                    assert found == expected


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_receptive_fields_are_those_of_the_gradient(name):
    """With all weights positive, the gradient of one position reaches exactly as far as it sees."""
    (record,) = (record for record in list_networks() if record.name == name)
    family = random_family(record)
    for parameter in family.parameters():
        parameter.fill_(0.5 / parameter[0].numel() if parameter.dim() == 4 else 0.0)
    layers = {layer.name: layer for layer in record.layers if layer.receptive_field < 230}
    image = torch.ones(1, 3, 320, 320, requires_grad=True)
    for layer, activation in Network(record, family).activations(image, layers).items():
        middle = activation.shape[-1] // 2
        (gradient,) = torch.autograd.grad(
            activation[0, 0, middle, middle], image, retain_graph=True
        )
        seen = gradient.abs().sum((0, 1, 2)).nonzero()
        assert int(seen.max() - seen.min()) + 1 == layers[layer].receptive_field


@STRUCTURES
def test_it_dreams_at_its_smallest_size_and_not_below(record):
    network = random_network(record.name)
    top, edge = record.layers[-1].name, smallest(record)
    recipe = Recipe.complete(
        {"network": record.name, "objective": top, "octaves": 1, "iterations": 2, "jitter": 3}
    )
    image = torch.rand(1, 3, edge, edge, generator=torch.Generator().manual_seed(1))
    steps = list(dream_steps(image, recipe, network))
    assert len(steps) == 2
    assert steps[-1].image.isfinite().all()
    with pytest.raises(ImageError, match=rf"too small for .*{edge}×{edge}.*larger"):
        list(dream_steps(image[..., 1:], recipe, network))


@STRUCTURES
def test_it_dreams_in_bfloat16_and_by_winograd(record):
    network = random_network(record.name, "bfloat16", winograd_from=16)
    recipe = Recipe.complete({"network": record.name, "octaves": 1, "iterations": 2, "jitter": 3})
    edge = record.layer(record.default_layer).smallest + 40
    image = torch.rand(1, 3, edge, edge, generator=torch.Generator().manual_seed(1))
    last = list(dream_steps(image, recipe, network))[-1]
    assert last.image.isfinite().all()
    assert not torch.equal(last.image, image)


@RECORDS
def test_a_record_is_whole(record):
    names = [layer.name for layer in record.layers]
    assert record.default_layer in names
    assert set(record.depths) <= set(names)
    assert list(record.depths) == sorted(record.depths, key=names.index)
    assert record.depth(record.shows[0][0]) == 0
    assert [first for first, _ in record.shows] == sorted(
        (first for first, _ in record.shows), key=record.depth
    )
    assert all(record.tends_to_show(name) for name in names)
    assert all((record.licence, record.credit, record.source, record.title))
    if record.classes:
        assert record.layer(CLASS_MAP).channels == record.classes
        assert bool(record.vocabulary) != bool(record.labels)


@RECORDS
def test_weights_are_known_by_their_hash_and_have_several_places(record):
    weights = record.weights
    if isinstance(weights, PackagedWeights):
        assert re.fullmatch("[0-9a-f]{64}", weights.sha256)
        if is_here(record):
            data = packaged_path(weights).read_bytes()
            assert hashlib.sha256(data).hexdigest() == weights.sha256
        return
    assert isinstance(weights, RemoteFile)
    assert weights.size > 1_000_000
    assert "/" not in weights.name
    unpublished = record.name == "googlenet-places365"
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
