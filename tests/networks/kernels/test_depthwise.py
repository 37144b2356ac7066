"""Depthwise convolution with "same" padding, natively and by torch, against float64 arithmetic."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.networks.kernels import ConvolutionMethod, DepthwiseConv2d, depthwise
from puppyslug.networks.kernels.native_depthwise import moments
from puppyslug.networks.kernels.native_library import load_library
from support.tensors import random_tensor

TOLERANCES = {torch.float32: 2e-6, torch.bfloat16: 0.01}

needs_library = pytest.mark.skipif(load_library() is None, reason="no native kernels")
lengths = st.integers(1, 12)


def make_layer(channels, kernel, stride, dtype, kernels="native"):
    layer = DepthwiseConv2d(channels, kernel, stride).requires_grad_(False)
    layer.weight.data.copy_(random_tensor(*layer.weight.shape, seed=1).to(torch.bfloat16))
    layer.bias.data.copy_(random_tensor(1, channels, 1, 1, seed=2).flatten().to(torch.bfloat16))
    method = ConvolutionMethod(0, kernels)
    layer.freeze(device=torch.device("cpu"), dtype=dtype, method=method)
    return layer


def convolve_exactly(x, layer):
    """Convolve by sums over taps, with TensorFlow's rule for the padding."""
    kernel, stride = layer.kernel_size[0], layer.stride[0]
    weight, bias = layer.weight.double(), layer.bias.double()
    size = [-(-length // stride) for length in x.shape[2:]]
    totals = [
        max((after - 1) * stride + kernel - before, 0)
        for after, before in zip(size, x.shape[2:], strict=True)
    ]
    (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in totals)
    padded = torch.nn.functional.pad(x, (left, right, top, bottom))
    result = bias[:, None, None].expand(len(x), -1, *size)
    for i in range(kernel):
        for j in range(kernel):
            rows = padded[:, :, i : i + (size[0] - 1) * stride + 1 : stride]
            result = (
                result
                + weight[:, 0, i, j, None, None]
                * rows[..., j : j + (size[1] - 1) * stride + 1 : stride]
            )
    return result


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kernels", ["torch", pytest.param("native", marks=needs_library)])
@given(
    size=st.tuples(st.integers(1, 2), st.sampled_from((1, 7, 16, 40, 96)), lengths, lengths),
    kernel=st.sampled_from((3, 5)),
    stride=st.integers(1, 3),
)
def test_output_and_gradient_are_exact(dtype, kernels, size, kernel, stride):
    layer = make_layer(size[1], kernel, stride, dtype, kernels)
    x = random_tensor(*size).to(dtype).requires_grad_()
    y = layer(x)
    gradient = random_tensor(*y.shape, seed=3).to(dtype)
    (of_x,) = torch.autograd.grad(y, x, gradient)
    exact_x = x.detach().double().requires_grad_()
    exact = convolve_exactly(exact_x, layer)
    (of_exact,) = torch.autograd.grad(exact, exact_x, gradient.double())
    tolerance = TOLERANCES[dtype]
    torch.testing.assert_close(y.double(), exact, rtol=tolerance, atol=9 * tolerance)
    torch.testing.assert_close(of_x.double(), of_exact, rtol=tolerance, atol=9 * tolerance)


@needs_library
def test_threads_share_the_rows(monkeypatch):
    layer, x = make_layer(40, 5, 2, torch.float32), random_tensor(2, 40, 33, 30)
    alone = layer(x)
    monkeypatch.setattr(depthwise.native_depthwise, "MIN_VALUES", 1)
    assert torch.equal(layer(x), alone)


@needs_library
def test_the_library_is_used_where_it_is_faster(monkeypatch):
    calls = []
    convolve = depthwise.native_depthwise.convolve
    monkeypatch.setattr(
        depthwise.native_depthwise, "convolve", lambda *a: calls.append(a) or convolve(*a)
    )
    x = random_tensor(1, 8, 6, 6)
    for kernels, stride in (("native", 1), ("torch", 2)):
        make_layer(8, 3, stride, torch.float32, kernels)(x)
    assert not calls
    make_layer(8, 3, 2, torch.float32)(x)
    assert len(calls) == 1


def test_weights_that_are_finetuned_have_gradients():
    layer = make_layer(8, 3, 2, torch.float32).requires_grad_(True)
    layer(random_tensor(1, 8, 6, 6)).sum().backward()
    assert layer.weight.grad is not None


@needs_library
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("min_values", [1, 1 << 30])
def test_moments_equal_those_of_numpy(monkeypatch, dtype, min_values):
    monkeypatch.setattr(depthwise.native_depthwise, "MIN_VALUES", min_values)
    images = (random_tensor(2, 150, 7, 43) * 3 + 1).permute(0, 2, 3, 1).flatten(1, 2).to(dtype)
    centre = random_tensor(1, 150, 1, 1, seed=4).flatten()
    mean, square = moments(images, centre)
    difference = images.double().numpy() - centre.double().numpy()
    np.testing.assert_allclose(mean, difference.mean(1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(square, (difference**2).mean(1), rtol=1e-5)
