"""The registry, and every network in it: with random weights, each behaves as its spec says."""

import copy
import hashlib
import re
from dataclasses import replace

import pytest
import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.errors import ImageError
from puppyslug.networks import find_spec, list_networks, registry
from puppyslug.networks.architectures.local_response_norm import LocalResponseNorm
from puppyslug.networks.kernels import ConvolutionMethod
from puppyslug.networks.network import Network
from puppyslug.networks.probes import ProbedArchitecture
from puppyslug.networks.registry import register_networks, registered_networks
from puppyslug.networks.specs import CLASS_MAP, PackagedWeights, RemoteFile
from puppyslug.networks.weights.location import is_available, packaged_path
from puppyslug.recipe import Recipe
from support.random_networks import random_architecture, structure_parameters

NETWORKS = pytest.mark.parametrize("spec", list_networks(), ids=lambda spec: spec.name)


@pytest.fixture(scope="module", params=structure_parameters())
def network(request):
    """A network with random weights, for each structure in the registry."""
    spec = request.param
    architecture = random_architecture(spec)
    if spec.probe:
        architecture = ProbedArchitecture(architecture, spec.probe)
    return Network(spec, architecture, precision="float32")


def min_side(spec):
    return max(layer.min_size for layer in spec.layers)


def random_image(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def make_recipe(spec, **settings):
    short = {"network": spec.name, "octaves": 1, "iterations": 2, "jitter": 3}
    return Recipe.complete({**short, "precision": "float32", **settings})


def test_layers_have_the_names_channels_and_sizes_of_the_spec(network):
    spec = network.spec
    names = [layer.name for layer in spec.layers]
    side = min_side(spec)
    for size in ((side, side + 33), (side + 1, side + 35)):
        activations = network.activations(torch.rand(1, 3, *size), names)
        assert list(activations) == names
        for layer in spec.layers:
            assert activations[layer.name].shape == (1, layer.channels, *layer.output_size(size))


def test_positions_depend_on_the_pixels_that_the_spec_says(network, monkeypatch):
    """A NaN in one pixel makes exactly those positions NaN that depend on it."""
    # It mixes channels, never positions, and its power of a NaN is lost in a ReLU on bits.
    monkeypatch.setattr(LocalResponseNorm, "forward", lambda self, x: x)
    spec = network.spec
    names = [layer.name for layer in spec.layers if layer.receptive_field < 110]
    for row, column in ((107, 96), (94, 111)):
        image = torch.rand(1, 3, 208, 192)
        image[..., row, column] = torch.nan
        for name, activation in network.activations(image, names).items():
            geometry = spec.layer(name).geometry
            is_nan = activation.isnan().any(1)[0]
            stride = geometry.stride
            for pixel, lines in ((row, is_nan.any(1)), (column, is_nan.any(0))):
                found = set(lines.nonzero().flatten().tolist())
                first = -(-(pixel - stride + 1 - geometry.context_after) // stride)
                last = (pixel + geometry.context_before) // stride
                expected = set(range(max(first, 0), min(last + 1, len(lines))))
                if spec.architecture == "efficientnet":  # its padding depends on the parity
                    assert found <= expected
                else:
                    assert found == expected


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_receptive_fields_equal_those_of_the_gradient(name):
    """With positive weights only, the gradient of a position covers its receptive field."""
    spec = find_spec(name)
    architecture = random_architecture(spec)
    for parameter in architecture.parameters():
        parameter.fill_(0.5 / parameter[0].numel() if parameter.dim() == 4 else 0.0)
    layers = {layer.name: layer for layer in spec.layers if layer.receptive_field < 230}
    image = torch.ones(1, 3, 320, 320, requires_grad=True)
    network = Network(spec, architecture, precision="float32")
    for layer, activation in network.activations(image, layers).items():
        middle = activation.shape[-1] // 2
        (gradient,) = torch.autograd.grad(
            activation[0, 0, middle, middle], image, retain_graph=True
        )
        rows = gradient.abs().sum((0, 1, 2)).nonzero()
        assert int(rows.max() - rows.min()) + 1 == layers[layer].receptive_field


def test_a_network_dreams_at_its_smallest_size_and_not_below(network):
    spec = network.spec
    side = min_side(spec)
    largest = max(spec.layers, key=lambda layer: layer.min_size)
    recipe = make_recipe(spec, objective=largest.name)
    image = random_image(side, side)
    steps = list(dream_steps(image, recipe, network))
    assert len(steps) == 2
    assert steps[-1].image.isfinite().all()
    with pytest.raises(ImageError, match=f"{side}×{side}"):
        list(dream_steps(image[..., 1:], recipe, network))


def test_a_network_dreams_in_bfloat16_and_by_winograd(network):
    spec, architecture = network.spec, copy.deepcopy(network.architecture)
    method = ConvolutionMethod(16)
    network = Network(spec, architecture, precision="bfloat16", convolution=method)
    recipe = make_recipe(spec, precision="bfloat16")
    side = spec.layer(spec.default_layer).min_size + 40
    image = random_image(side, side)
    last = list(dream_steps(image, recipe, network))[-1]
    assert last.image.isfinite().all()
    assert not torch.equal(last.image, image)


@NETWORKS
def test_a_spec_is_complete_and_consistent(spec):
    names = [layer.name for layer in spec.layers]
    assert spec.default_layer in names
    assert set(spec.preview_layers) <= set(names)
    assert list(spec.preview_layers) == sorted(spec.preview_layers, key=names.index)
    assert spec.layer_index(spec.motifs[0][0]) == 0
    assert [first for first, _ in spec.motifs] == sorted(
        (first for first, _ in spec.motifs), key=spec.layer_index
    )
    assert all(spec.typical_motif(name) for name in names)
    assert all((spec.licence, spec.credit, spec.source, spec.title))
    if spec.classes:
        assert spec.layer(CLASS_MAP).channels == spec.classes
        assert bool(spec.vocabulary) != bool(spec.labels)


@NETWORKS
def test_weights_have_a_hash_and_several_mirrors(spec):
    weights = spec.weights
    if isinstance(weights, PackagedWeights):
        assert re.fullmatch("[0-9a-f]{64}", weights.sha256)
        if is_available(spec):
            data = packaged_path(weights).read_bytes()
            assert hashlib.sha256(data).hexdigest() == weights.sha256
        return
    assert isinstance(weights, RemoteFile)
    assert weights.size > 1_000_000
    assert "/" not in weights.name
    if spec.name != "googlenet-places365":  # nobody has published a hash or a mirror
        assert re.fullmatch("sha256:[0-9a-f]{64}|sha1:[0-9a-f]{40}", weights.checksum)
        assert len(set(weights.urls)) >= 2
    if weights.name.endswith(".pth"):  # torchvision's file names contain the start of the hash
        assert f"-{weights.checksum.removeprefix('sha256:')[:8]}.pth" in weights.name


@pytest.fixture
def temporary_registry(monkeypatch):
    list_networks()  # so that all spec modules are imported before
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))


def test_packaged_networks_come_first_then_families_by_rank(temporary_registry):
    is_packaged = [isinstance(spec.weights, PackagedWeights) for spec in list_networks()]
    assert is_packaged == sorted(is_packaged, reverse=True)
    last = find_spec("squeezenet1_1")
    register_networks(replace(last, name="unranked"))
    register_networks(replace(last, name="front-2"), replace(last, name="front-1"), rank=0)
    names = list(registered_networks())
    assert names[-1] == "unranked"
    first_download = is_packaged.index(False)
    assert names[first_download : first_download + 2] == ["front-2", "front-1"]


def test_a_name_is_registered_once(temporary_registry):
    with pytest.raises(ValueError, match="vgg19"):
        register_networks(find_spec("vgg19"))
