"""Networks from modules are copies: the module of the caller stays as it is."""

import contextlib

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

from puppyslug.errors import NetworkError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks.network import Network
from puppyslug.objectives import layer
from support.external_modules import LABELS, ConvNet, Transformer, create_seeded

IMAGE = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def describe(module):
    """Return everything about a module that a caller may rely on."""
    return {
        "training": [part.training for part in module.modules()],
        "gradients": [one.requires_grad for one in module.parameters()],
        "dtypes": [one.dtype for one in module.state_dict().values()],
        "strides": [one.stride() for one in module.state_dict().values()],
        "identities": [id(one) for one in (*module.parameters(), *module.buffers())],
        "hooks": [
            (len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()
        ],
        "values": [one.double().sum().item() for one in module.state_dict().values()],
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("factory", [ConvNet, Transformer])
def test_the_module_stays_as_it_is(factory, dtype):
    module = create_seeded(factory).to(dtype).train()
    first = next(iter(module.children()))
    first.register_forward_hook(lambda *_: None)
    next(module.parameters()).requires_grad_(False)
    before = describe(module)
    network = Network.from_module(module, labels=LABELS, trained_at=48)
    value_and_gradient(network, layer(network.spec.default_layer), IMAGE)
    network.to(precision="bfloat16", device="cpu")
    assert describe(module) == before
    assert all(one.grad is None for one in module.parameters())


def test_later_changes_of_the_module_do_not_reach_the_network():
    module = create_seeded(ConvNet)
    network = Network.from_module(module, trained_at=48)
    before = network.activations(IMAGE, ["body"])["body"]
    sha256 = network.weights_sha256
    with torch.no_grad():
        module.stem[0].weight.mul_(2)
    assert torch.equal(network.activations(IMAGE, ["body"])["body"], before)
    assert Network.from_module(module, trained_at=48).weights_sha256 != sha256


@pytest.mark.parametrize("normalise", [weight_norm, parametrizations.weight_norm])
def test_modules_with_computed_weights_are_copied(normalise):
    with pytest.warns() if normalise is weight_norm else contextlib.nullcontext():
        module = nn.Sequential(normalise(nn.Conv2d(3, 4, 3)), nn.ReLU())
    expected = module(IMAGE)
    network = Network.from_module(module, trained_at=32)
    assert torch.allclose(network.activations(IMAGE, ["1"])["1"], expected, atol=1e-6)


class Uncopyable(nn.Conv2d):
    def __deepcopy__(self, memo):
        raise RuntimeError("it has\na lock")


@pytest.mark.parametrize(
    ("module", "message"),
    [(Uncopyable(3, 4, 3), r"Uncopyable .*it has a lock.*__deepcopy__"), (torch.relu, "builtin")],
)
def test_what_cannot_be_copied_is_refused(module, message):
    with pytest.raises(NetworkError, match=message):
        Network.from_module(module, trained_at=32)
