import pytest
import torch
from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.networks.external.introspection import inspect_module
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from support.external_modules import (
    LABELS,
    ChannelsLast,
    ConvNet,
    FixedSize,
    SharedSubmodule,
    Transformer,
    create_seeded,
)


@pytest.mark.parametrize("factory", [ConvNet, Transformer, ChannelsLast])
def test_layers_have_the_inspected_sizes_for_images_of_any_size(factory):
    labels = None if factory is ChannelsLast else LABELS
    network = Network.from_module(create_seeded(factory), labels=labels, trained_at=48)
    names = [layer.name for layer in network.spec.layers]
    for size in ((48, 48), (71, 90), (100, 53), (123, 200)):
        activations = network.activations(torch.rand(2, 3, *size), names)
        for layer in network.spec.layers:
            assert activations[layer.name].shape == (2, layer.channels, *layer.output_size(size))


def test_layers_are_the_submodules_in_order_of_computation():
    layers = inspect_module(create_seeded(ConvNet).eval(), 64, classes=4).layers
    assert [layer.name for layer in layers] == [
        "stem.0", "stem.1", "stem", "pool", "body.0", "body.1", "body.2", "body", "pair", "pair.1",
        "average", "head", CLASS_MAP,
    ]  # fmt: skip
    strides = {layer.name: layer.stride for layer in layers}
    assert (strides["stem"], strides["pool"], strides["body"]) == (2, 4, 8)


def test_inspection_leaves_the_module_unchanged():
    module = create_seeded(SharedSubmodule)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    inspect_module(module.eval(), 64)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert not any(part._forward_hooks for part in module.modules())


def test_names_are_changed_to_those_that_objectives_can_spell():
    introspection = inspect_module(create_seeded(SharedSubmodule).eval(), 64)
    layers = {layer.name: layer for layer in introspection.layers}
    assert layers["odd_name"].stride == 5
    assert "labels_" in layers  # a submodule of that name is not the class map
    assert introspection.formats["odd_name"].path == "odd-name"


@pytest.mark.parametrize(
    ("factory", "side", "named"),
    [
        (FixedSize, 60, "60×60.*trained_at"),
        (lambda: nn.Unflatten(2, (4, 4)), 16, "submodule"),
    ],
)
def test_unsuitable_modules_are_refused(factory, side, named):
    with pytest.raises(NetworkError, match=named):
        inspect_module(factory().eval(), side)
