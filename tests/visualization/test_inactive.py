"""Images that do not activate an objective, and gradients that lead to such objectives."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import channel, layer, neuron, see
from puppyslug.visualization.inactive import RedirectedReluGradients, find_inactive
from puppyslug.visualization.portraits import portrait_steps


class Detector(nn.Module):
    """Channel 0 is active only where red exceeds green and blue by far, channel 1 never."""

    def __init__(self, activation):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.activation = activation
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.weight[0, :, 1, 1] = torch.tensor([2.0, -1.0, -1.0])
            self.first.weight[2, :, 1, 1] = 1
            self.first.bias.copy_(torch.tensor([-0.3, -9.0, 0.0]))

    def forward(self, x):
        return self.activation(self.first(x))


ACTIVATIONS = {
    "module": nn.ReLU(),
    "in-place module": nn.ReLU(inplace=True),
    "ReLU6": nn.ReLU6(),
    "functional.relu": functional.relu,
    "torch.relu": torch.relu,
    "relu_": torch.Tensor.relu_,
}


class Functional(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.fixture(params=ACTIVATIONS.values(), ids=ACTIVATIONS.keys())
def detector(request):
    activation = request.param
    wrapped = activation if isinstance(activation, nn.Module) else Functional(activation)
    return Network.from_module(Detector(wrapped), trained_at=32)


def test_a_portrait_of_a_channel_that_noise_does_not_activate_is_found(detector):
    name = detector.spec.layers[-1].name
    objectives = [channel(name, number) for number in (0, 1, 2)]
    steps = list(portrait_steps(objectives, detector, size=32, steps=40))
    assert [step.step for step in steps] == list(range(40))
    assert steps[0].scores[0] == 0
    assert all(step.inactive == () for step in steps[:-1])
    last = steps[-1]
    assert last.inactive == (1,)
    active = detector.activations(last.images, [name])[name].mean((2, 3))
    assert active[0, 0] > 0
    assert active[1, 1] == 0


def test_portraits_that_activate_are_not_changed_by_others(detector):
    name = detector.spec.layers[-1].name
    *_, alone = portrait_steps([channel(name, 2)], detector, size=32, steps=10)
    *_, again = portrait_steps([channel(name, 2)], detector, size=32, steps=10)
    assert alone.inactive == ()
    assert torch.equal(alone.images, again.images)


@pytest.mark.parametrize("steps", [1, 3])
def test_the_search_is_deterministic(detector, steps):
    name = detector.spec.layers[-1].name
    one, other = (
        list(portrait_steps([channel(name, 0)], detector, size=32, steps=steps, transparent=True))
        for _ in range(2)
    )
    assert torch.equal(one[-1].images, other[-1].images)
    assert torch.equal(one[-1].alpha, other[-1].alpha)


def test_only_sums_of_channels_can_be_inactive(toy):
    images = torch.full((5, 3, 40, 40), 0.5)
    number = int(
        (toy.activations(images[:1], ["relu2"])["relu2"].amax((0, 2, 3)) == 0).nonzero()[0]
    )
    objectives = [
        channel("relu2", number), layer("relu2"), -channel("relu2", number),
        see("tench", toy.find_label), neuron("relu2", number),
    ]  # fmt: skip
    assert find_inactive(toy, objectives, images) == [True, False, False, False, True]
    assert find_inactive(toy, objectives[1:2], images[:1]) == [False]
    assert not find_inactive(toy, [channel(CLASS_MAP, 0) + channel("relu1", 0)], images[:1])[0]


def test_redirected_gradients_raise_what_a_relu_cuts_off():
    x = torch.tensor([-1.0, 2.0, -3.0, 7.0], requires_grad=True)
    with RedirectedReluGradients():
        y = functional.relu(x) * torch.tensor([1.0, 1.0, -1.0, 1.0])
    assert torch.equal(y, torch.tensor([0.0, 2.0, 0.0, 7.0]))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    with RedirectedReluGradients():
        assert torch.equal(functional.relu6(x), functional.relu6(x.detach()))
