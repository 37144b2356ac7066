"""The layers of a network as callers see them."""

import pytest
import torch

from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from support.external_modules import LABELS, ConvNet, create_seeded


@pytest.fixture(params=["vgg19", "efficientnet_lite0", "own"])
def network(request):
    if request.param == "own":
        return Network.from_module(create_seeded(ConvNet), labels=LABELS, trained_at=64)
    return load_network(request.param, precision="float32")


def test_shapes_are_those_of_the_activations(network):
    image = torch.rand(1, 3, 96, 72)
    names = [layer.name for layer in network.layers if layer.stride is not None]
    activations = network.activations(image, names)
    for layer in network.layers:
        if layer.stride is not None:
            assert layer.shape((96, 72)) == activations[layer.name].shape[1:]
            assert 1 <= layer.stride <= 64
        assert layer.receptive_field is None or 1 <= layer.receptive_field < 10_000
        assert layer.channels >= 1


def test_known_values_of_vgg19():
    layers = {layer.name: layer for layer in load_network("vgg19", precision="float32").layers}
    conv = layers["conv2_1"]
    assert (conv.channels, conv.stride, conv.receptive_field) == (128, 2, 10)
    assert repr(conv) == "<Layer conv2_1: 128 channels, stride 2, receptive field 10>"


def test_representations_are_short_and_show_no_tensors(network):
    assert network.spec.name in repr(network)
    assert network._repr_html_().count("<tr>") == len(network.layers) + 1
    for text in (repr(network), *map(repr, network.layers)):
        assert "tensor" not in text
        assert len(text) < 200
