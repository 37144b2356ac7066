"""The fast layers against torch's own, and against float64."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import conv2d, max_pool2d, relu

from puppyslug.networks.kernels import Convolution, relu_max_pool
from puppyslug.networks.kernels.sign_bits import pack_signs, where_positive
from puppyslug.networks.kernels.winograd import transform_weights, winograd

sides = st.integers(1, 23)
channels = st.integers(1, 9)
PRECISIONS = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return values.to(dtype, memory_format=torch.channels_last)


def frozen(inside: int, outside: int, dtype: torch.dtype, winograd_from: int) -> Convolution:
    layer = Convolution(inside, outside).requires_grad_(False)
    layer.weight.copy_(numbers(outside, inside, 3, 3, seed=1) / (3 * inside**0.5))
    layer.bias.copy_(torch.linspace(-0.5, 0.5, outside))
    layer.freeze(device=torch.device("cpu"), dtype=dtype, winograd_from=winograd_from)
    return layer


@PRECISIONS
@given(st.integers(1, 300))
def test_signs_pack_and_unpack(dtype, count):
    values = relu(numbers(1, 1, 1, count).to(dtype))
    gradient = numbers(1, 1, 1, count, seed=1).to(dtype)
    words = pack_signs(values)
    assert words.numel() <= count // (8 * values.element_size()) + 1
    assert torch.equal(where_positive(gradient, words), torch.where(values > 0, gradient, 0))


@given(sides, sides, channels, channels, st.integers(1, 2), st.booleans())
def test_winograd_is_the_convolution(height, width, inside, outside, count, with_relu):
    x, weight = numbers(count, inside, height, width), numbers(outside, inside, 3, 3, seed=1)
    bias = torch.linspace(-1, 1, outside)
    y = winograd(x, transform_weights(weight, torch.float32), bias, relu=with_relu)
    expected = conv2d(x.double(), weight.double(), bias.double(), padding=1)
    assert torch.allclose(y.double(), relu(expected) if with_relu else expected, atol=1e-4)


@given(sides, sides, channels, channels, st.booleans(), st.sampled_from([0, 1]))
def test_the_convolutions_gradient_is_torchs(height, width, inside, outside, with_relu, from_):
    layer = frozen(inside, outside, torch.float32, from_)
    x, upper = numbers(2, inside, height, width), numbers(2, outside, height, width, seed=2)
    results = []
    for function in (
        lambda x: layer(x, relu=with_relu),
        lambda x: (relu if with_relu else torch.clone)(conv2d(x, layer.weight, layer.bias, 1, 1)),
    ):
        source = x.clone().requires_grad_()
        y = function(source)
        results.append((y.detach(), torch.autograd.grad((y * upper).sum(), source)[0]))
    (ours, our_gradient), (theirs, their_gradient) = results
    assert torch.allclose(ours, theirs, atol=1e-4)
    sure = (theirs.abs() > 1e-4).all() or not with_relu  # a rounded zero has either gradient
    assert not sure or torch.allclose(our_gradient, their_gradient, atol=1e-4)


@PRECISIONS
@given(st.integers(2, 23), st.integers(2, 23), channels)
def test_pooling_and_its_gradient_are_torchs(dtype, height, width, count):
    x = numbers(2, count, height, width, dtype=dtype)
    x[:, :, ::3] = x[:, :, :1]  # ties: the first largest wins
    x[:, :, 1::4] = -1
    upper = numbers(2, count, height // 2, width // 2, seed=2, dtype=dtype)
    ours, theirs = (x.clone().requires_grad_() for _ in range(2))
    our_result, their_result = relu_max_pool(ours), max_pool2d(relu(theirs), 2)
    assert torch.equal(our_result, their_result)
    (our_result * upper).sum().backward()
    (their_result * upper).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)
    assert torch.equal(relu_max_pool(x), their_result)


def test_winograd_in_bfloat16_errs_by_little_more_than_direct():
    x = relu(numbers(1, 256, 40, 40))
    errors = []
    for from_ in (0, 1):
        layer = frozen(256, 256, torch.bfloat16, from_)
        exact = conv2d(x, layer._exact, layer.bias.float(), padding=1)
        y = layer(x.bfloat16().contiguous(memory_format=torch.channels_last)).float()
        errors.append(((y - exact).norm() / exact.norm()).item())
    direct, by_winograd = errors
    assert direct < by_winograd < 0.02  # of random numbers; of activations it is a third


@pytest.mark.parametrize(
    ("inside", "outside", "forward", "backward"),
    [(64, 64, False, True), (128, 256, True, True), (32, 256, False, False)],
)
def test_winograd_is_used_where_it_should_be(inside, outside, forward, backward):
    layer = frozen(inside, outside, torch.bfloat16, 64)
    assert layer._by_winograd(backward=False) == forward
    assert layer._by_winograd(backward=True) == backward
