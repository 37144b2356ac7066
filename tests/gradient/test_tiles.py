"""Tiles against the whole picture."""

import copy
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.gradient.tiles import tiles
from puppyslug.networks import find_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.objectives import parse_objective
from support.randomness import random_network
from support.toy_network import Toy, toy_spec

edges = st.integers(1, 90)


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.tuples(edges, edges),
    st.sampled_from(["vgg19", "efficientnet_lite0", "googlenet", "inception_v3", "vgg16"]),
    st.data(),
)
def test_tiles_divide_the_picture(size, edge, name, data):
    height, width = size
    spec = find_spec(name)
    layer = data.draw(st.sampled_from(spec.layers))
    covered = torch.zeros(height, width)
    for tile in tiles(size, edge, [layer]):
        rows, columns = tile.rows, tile.columns
        covered[rows.first : rows.last, columns.first : columns.last] += 1
        for span, length in ((rows, height), (columns, width)):
            assert 0 <= span.crop_first <= span.first < span.last <= span.crop_last <= length
            assert span.crop_first in {0} or span.first - span.crop_first >= layer.reach
            assert span.crop_last in {length} or span.crop_last - span.last >= layer.reach
            assert span.first % layer.stride == span.crop_first % layer.stride == 0
            assert (length - span.crop_last) % layer.stride == 0
    assert (covered == 1).all()


@cache
def exact(name):
    """A network in float64: in float32 a unit that hardly fires may fire in the one way alone."""
    network = load_network(name, precision="float32", device="cpu")
    return Network(network.spec, copy.deepcopy(network._architecture), precision="float64")


def assert_tiles_equal_the_whole(network, text, size, tile, seed):
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed))
    image = image.roll((seed, 2 * seed), (2, 3))  # as jitter does
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
def test_a_toys_tiles_equal_the_whole(size, tile, text, seed):
    assert_tiles_equal_the_whole(Network(toy_spec(), Toy()), text, size, tile, seed)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("vgg19", ["relu1_2", "pool2", "relu3_1:7", "relu4_1", "2*relu2_2 - relu3_3"]),
        ("efficientnet_lite0", ["stem", "block_2", "block_4:3", "block_2 - 0.5*block_3"]),
    ],
)
@settings(max_examples=12)
@given(
    st.tuples(st.integers(16, 110), st.integers(16, 110)),
    st.tuples(st.integers(8, 64), st.integers(8, 64)),
    st.integers(0, 9),
    st.data(),
)
def test_tiles_equal_the_whole(name, texts, size, tile, seed, data):
    assert_tiles_equal_the_whole(exact(name), data.draw(st.sampled_from(texts)), size, tile, seed)


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
@settings(max_examples=8)
@given(
    st.tuples(st.integers(48, 150), st.integers(48, 150)),
    st.tuples(st.integers(8, 64), st.integers(8, 64)),
    st.integers(0, 9),
    st.data(),
)
def test_tiles_of_every_family_equal_the_whole(name, texts, size, tile, seed, data):
    text = data.draw(st.sampled_from(texts))
    assert_tiles_equal_the_whole(random_network(name, "float64"), text, size, tile, seed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("googlenet", "inception_3b/output"),
        ("googlenet", "pool3/3x3_s2"),
        ("googlenet", "inception_4a/output"),
        ("googlenet-bn", "inception_4c/output"),
        ("inception_v3", "Mixed_5d"),
        ("inception_v3", "Mixed_6a"),
        ("resnet18", "layer3.1"),
        ("resnet50", "layer3.0"),
        ("alexnet", "relu5"),
        ("alexnet", "labels:3"),
        ("squeezenet1_1", "fire9"),
        ("squeezenet1_1", "see(goldfish)"),
    ],
)
@pytest.mark.parametrize(("size", "tile"), [((353, 420), (64, 96)), ((402, 365), (160, 128))])
def test_deep_tiles_of_every_family_equal_the_whole(name, text, size, tile):
    assert_tiles_equal_the_whole(random_network(name, "float64"), text, size, tile, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vgg19", "relu4_4"),
        ("vgg19", "relu5_4"),
        ("efficientnet_lite0", "block_9"),
        ("efficientnet_lite0", "labels:207"),
        ("efficientnet_lite0+efficientnet_lite1", "see(golden retriever)"),
    ],
)
@pytest.mark.parametrize("size", [(225, 400), (302, 333)])
def test_deep_tiles_equal_the_whole(name, text, size):
    network = load_network(name, precision="float32", device="cpu")
    assert_tiles_equal_the_whole(network, text, size, (96, 128), 1)
