"""Tiles: how they divide an image, and that their result equals that of the undivided image."""

import copy
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.gradient.tiles import split_into_tiles
from puppyslug.images import generate_clouds
from puppyslug.networks import find_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.objectives import parse_objective
from support.random_networks import random_network
from support.toy_network import Toy, toy_spec

sides = st.integers(1, 90)


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.tuples(sides, sides),
    st.sampled_from(["vgg19", "efficientnet_lite0", "googlenet", "inception_v3", "vgg16"]),
    st.integers(1, 4),
    st.data(),
)
def test_tiles_cover_every_pixel_once_with_a_sufficient_halo(
    size, tile_size, name, alignment, data
):
    height, width = size
    spec = find_spec(name)
    layer = data.draw(st.sampled_from(spec.layers))
    covered = torch.zeros(height, width)
    for tile in split_into_tiles(size, tile_size, [layer], alignment=alignment):
        rows, columns = tile.rows, tile.columns
        covered[rows.start : rows.stop, columns.start : columns.stop] += 1
        for span, length in ((rows, height), (columns, width)):
            assert 0 <= span.crop_start <= span.start < span.stop <= span.crop_stop <= length
            assert span.crop_start % (alignment * layer.stride) == 0
            assert span.crop_start in {0} or span.start - span.crop_start >= layer.context
            assert span.crop_stop in {length} or span.crop_stop - span.stop >= layer.context
            assert span.start % layer.stride == span.crop_start % layer.stride == 0
            assert (length - span.crop_stop) % layer.stride == 0
    assert (covered == 1).all()


@cache
def float64_network(name):
    """A network in float64; in float32, rounding can switch a ReLU whose input is almost 0."""
    network = load_network(name, precision="float32", device="cpu")
    return Network(network.spec, copy.deepcopy(network._architecture), precision="float64")


def assert_tiles_are_exact(network, text, size, tile, seed):
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed))
    image = image.roll((seed, 2 * seed), (2, 3))  # as the jitter does
    objective = parse_objective(text)
    scores, gradient = value_and_gradient(network, objective, image)
    tiled_scores, tiled = value_and_gradient(network, objective, image, tile)
    assert torch.allclose(scores, tiled_scores, rtol=1e-4)
    assert (gradient - tiled).abs().max() <= 1e-4 * gradient.abs().mean()


@settings(max_examples=25)
@given(
    st.tuples(st.integers(2, 60), st.integers(2, 60)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(
        [
            "relu2",
            "pool1",
            "relu1",
            "conv2:3 - 2*relu1:1",
            "relu2:2@c + conv1",
            "see(goldfish)",
            "relu1 - 2*see(tench)",
        ]
    ),
    st.integers(0, 9),
)
def test_tiles_of_the_toy_network_are_exact(size, tile, text, seed):
    assert_tiles_are_exact(Network(toy_spec(), Toy()), text, size, tile, seed)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("vgg19", ["relu1_2", "pool2", "relu3_1:7", "relu4_1", "2*relu2_2 - relu3_3"]),
        ("efficientnet_lite0", ["stem", "block_2", "block_4:3", "block_2 - 0.5*block_3"]),
    ],
)
@settings(max_examples=10)
@given(
    st.tuples(st.integers(16, 72), st.integers(16, 72)),
    st.tuples(st.integers(8, 40), st.integers(8, 40)),
    st.integers(0, 9),
    st.data(),
)
def test_tiles_of_pretrained_networks_are_exact(name, texts, size, tile, seed, data):
    assert_tiles_are_exact(
        float64_network(name), data.draw(st.sampled_from(texts)), size, tile, seed
    )


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("googlenet", ["pool1/3x3_s2", "pool1/norm1:7", "conv2/norm2", "pool2/3x3_s2"]),
        ("googlenet-bn", ["conv2/3x3", "pool2/3x3_s2 - inception_3a/5x5"]),
        ("inception_v3", ["Conv2d_2b_3x3", "MaxPool_3a_3x3", "MaxPool_5a_3x3"]),
        ("resnet18", ["conv1", "maxpool:3", "layer1.0", "layer1.1"]),
        ("alexnet", ["relu1", "pool1", "relu2", "pool2"]),
        ("squeezenet1_1", ["conv1", "pool1", "fire2", "fire3 + pool3"]),
    ],
)
@settings(max_examples=5)
@given(
    st.tuples(st.integers(48, 100), st.integers(48, 100)),
    st.tuples(st.integers(8, 48), st.integers(8, 48)),
    st.integers(0, 9),
    st.data(),
)
def test_tiles_of_every_architecture_are_exact(name, texts, size, tile, seed, data):
    text = data.draw(st.sampled_from(texts))
    assert_tiles_are_exact(random_network(name, "float64"), text, size, tile, seed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "size", "tile"),
    [
        ("googlenet", "inception_3b/output", (353, 420), (128, 160)),
        ("googlenet", "pool3/3x3_s2", (402, 365), (160, 128)),
        ("googlenet", "inception_4a/output", (353, 420), (128, 160)),
        ("googlenet-bn", "inception_4c/output", (402, 365), (160, 128)),
        ("inception_v3", "Mixed_5d", (353, 420), (128, 160)),
        ("inception_v3", "Mixed_6a", (402, 365), (160, 128)),
        ("resnet18", "layer3.1", (402, 365), (160, 128)),
        ("resnet50", "layer3.0", (353, 420), (128, 160)),
        ("alexnet", "relu5", (353, 420), (128, 160)),
        ("alexnet", "labels:3", (402, 365), (160, 128)),
        ("squeezenet1_1", "fire9", (402, 365), (160, 128)),
        ("squeezenet1_1", "see(goldfish)", (353, 420), (128, 160)),
    ],
)
def test_tiles_of_deep_layers_of_every_architecture_are_exact(name, text, size, tile):
    assert_tiles_are_exact(random_network(name, "float64"), text, size, tile, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "size"),
    [
        ("vgg19", "relu4_4", (225, 400)),
        ("vgg19", "relu5_4", (302, 333)),
        ("efficientnet_lite0", "block_9", (225, 400)),
        ("efficientnet_lite0", "labels:207", (302, 333)),
        ("efficientnet_lite0+efficientnet_lite1", "see(golden retriever)", (225, 400)),
        ("efficientnet_lite0+efficientnet_lite1", "see(golden retriever)", (302, 333)),
    ],
)
def test_tiles_of_deep_layers_of_pretrained_networks_are_exact(name, text, size):
    network = load_network(name, precision="float32", device="cpu")
    assert_tiles_are_exact(network, text, size, (96, 128), 1)


@pytest.mark.parametrize("layer", ["relu3_3", "relu4_1"])
def test_winograd_in_float32_rounds_in_tiles_as_in_the_undivided_image(layer):
    network = load_network("vgg19", precision="float32", winograd=64, kernels="native")
    image = generate_clouds((112, 160))
    objective = parse_objective(layer)
    scores, whole = value_and_gradient(network, objective, image)
    tiled_scores, tiled = value_and_gradient(network, objective, image, tile=(40, 56))
    assert torch.allclose(tiled_scores, scores, rtol=1e-5)
    assert (tiled - whole).abs().max() < 1e-4 * whole.abs().mean()
