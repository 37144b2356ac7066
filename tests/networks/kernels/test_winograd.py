import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import conv2d, relu

from puppyslug.networks.kernels import winograd as module
from puppyslug.networks.kernels.winograd import transform_weights, winograd
from support.tensors import random_tensor

lengths = st.integers(1, 23)
channels = st.integers(1, 9)


def exact(x, weight, bias, *, with_relu=False):
    y = conv2d(x.double(), weight.double(), bias.double(), padding=1)
    return relu(y) if with_relu else y


@given(lengths, lengths, channels, channels, st.integers(1, 2), st.booleans())
def test_it_equals_the_convolution(height, width, inputs, outputs, count, with_relu):
    x = random_tensor(count, inputs, height, width)
    weight = random_tensor(outputs, inputs, 3, 3, seed=1)
    bias = torch.linspace(-1, 1, outputs)
    y = winograd(x, transform_weights(weight, torch.float32), bias, relu=with_relu)
    assert torch.allclose(y.double(), exact(x, weight, bias, with_relu=with_relu), atol=1e-4)


def test_several_strips_equal_one(monkeypatch):
    x, weight = random_tensor(1, 4, 41, 19), random_tensor(5, 4, 3, 3, seed=1)
    monkeypatch.setattr(module, "STRIP_BYTES", 1)  # one row of tiles at a time
    y = winograd(x, transform_weights(weight, torch.float32), torch.zeros(5))
    assert torch.allclose(y.double(), exact(x, weight, torch.zeros(5)), atol=1e-4)
