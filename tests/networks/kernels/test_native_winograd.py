import multiprocessing
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import conv2d, relu

from puppyslug.networks.kernels import native_winograd as module
from puppyslug.networks.kernels.native_library import load_library
from puppyslug.networks.kernels.native_winograd import native_winograd
from puppyslug.networks.kernels.sign_bits import pack_signs
from puppyslug.networks.kernels.winograd import transform_weights
from support.tensors import random_tensor

pytestmark = pytest.mark.skipif(load_library() is None, reason="no native kernels")
lengths = st.integers(1, 23)
channels = st.integers(1, 140)


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def convolve(x, weight, bias, *, with_relu=False):
    y = conv2d(x.double(), weight.double(), None if bias is None else bias.double(), padding=1)
    return relu(y) if with_relu else y


def by_native(x, weight, bias, *, with_relu=False):
    images = x.permute(0, 2, 3, 1).contiguous()
    y = native_winograd(images, transform_weights(weight, x.dtype), bias, relu=with_relu)
    return y.permute(0, 3, 1, 2)


@given(lengths, lengths, channels, channels, st.integers(1, 2), st.booleans(), st.booleans())
def test_it_equals_the_convolution(height, width, inputs, outputs, count, with_relu, with_bias):
    x = random_tensor(count, inputs, height, width)
    weight = random_tensor(outputs, inputs, 3, 3, seed=1) / inputs**0.5
    bias = torch.linspace(-1, 1, outputs) if with_bias else None
    y = by_native(x, weight, bias, with_relu=with_relu)
    assert torch.allclose(y.double(), convolve(x, weight, bias, with_relu=with_relu), atol=1e-4)


def test_threads_and_strips_do_not_matter(threads, monkeypatch):
    monkeypatch.setattr(module, "STRIP_VALUES", 1)
    x, weight = random_tensor(2, 4, 41, 19), random_tensor(5, 4, 3, 3, seed=1)
    y = by_native(x, weight, torch.zeros(5))
    assert torch.allclose(y.double(), convolve(x, weight, torch.zeros(5)), atol=1e-4)
    assert torch.get_num_threads() == threads


def test_bfloat16_is_rounded_to_nearest():
    x = random_tensor(1, 64, 9, 10).bfloat16()
    weight = random_tensor(32, 64, 3, 3, seed=1) / 24
    y = by_native(x, weight, torch.linspace(-1, 1, 32), with_relu=True)
    exact = convolve(x, weight, torch.linspace(-1, 1, 32), with_relu=True)
    assert y.dtype == torch.bfloat16
    assert (y - exact).abs().mean() < 0.02 * exact.abs().mean()
    assert abs((y.double() - exact).mean()) < 0.001 * exact.mean()


def test_a_relu_keeps_nan_and_makes_no_negative_zero():
    x = torch.zeros(1, 1, 4, 4)
    bias = torch.tensor([float("nan"), -0.0, -1.0])
    y = by_native(x, torch.zeros(3, 1, 3, 3), bias, with_relu=True)
    assert y[:, 0].isnan().all()
    assert not y[:, 1:].signbit().any()


def test_it_works_in_inference_mode(threads):
    with torch.inference_mode():
        x = random_tensor(1, 8, 9, 9)
        y = by_native(x, random_tensor(8, 8, 3, 3, seed=1), None)
    assert y.shape == (1, 8, 9, 9)


def _convolve_ones(_):
    return by_native(torch.ones(1, 1, 8, 8), torch.ones(1, 1, 3, 3), None)[0, 0, 4, 4].item()


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_starts_threads_of_its_own(threads):
    _convolve_ones(0)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map_async(_convolve_ones, [0]).get(timeout=60)[0] == pytest.approx(9, abs=1e-4)


@given(lengths, lengths, st.integers(1, 3), st.integers(1, 3))
def test_signs_mask_the_input_and_are_those_of_the_output(height, width, inputs, outputs):
    inputs, outputs = 32 * inputs, 32 * outputs
    gradient = random_tensor(2, height, width, inputs).contiguous()
    activation = relu(random_tensor(2, height, width, inputs, seed=3)).contiguous()
    weights = transform_weights(random_tensor(outputs, inputs, 3, 3, seed=1), torch.float32)
    signs = torch.empty(2, height, width, outputs // 32, dtype=torch.int32)
    y = native_winograd(gradient, weights, relu=True, mask=pack_signs(activation), signs=signs)
    masked = native_winograd(gradient * (activation > 0), weights, relu=True)
    assert torch.equal(y, masked)
    assert torch.equal(signs, pack_signs(y))
