import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import conv2d, relu

from puppyslug.networks.kernels import DIRECT, Conv3x3, ConvolutionMethod
from support.tensors import random_tensor

lengths = st.integers(1, 23)
channels = st.integers(1, 9)


METHODS = [DIRECT, ConvolutionMethod(1, "torch"), ConvolutionMethod(1, "native")]


def frozen(inputs: int, outputs: int, dtype: torch.dtype, method: ConvolutionMethod) -> Conv3x3:
    layer = Conv3x3(inputs, outputs).requires_grad_(False)
    layer.weight.copy_(random_tensor(outputs, inputs, 3, 3, seed=1) / (3 * inputs**0.5))
    layer.bias.copy_(torch.linspace(-0.5, 0.5, outputs))
    layer.freeze(device=torch.device("cpu"), dtype=dtype, method=method)
    return layer


@given(lengths, lengths, channels, channels, st.booleans(), st.sampled_from(METHODS))
def test_output_and_gradient_equal_torch(height, width, inputs, outputs, with_relu, method):
    layer = frozen(inputs, outputs, torch.float32, method)
    x, upper = (
        random_tensor(2, inputs, height, width),
        random_tensor(2, outputs, height, width, seed=2),
    )
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
    if (theirs.abs() > 1e-4).all() or not with_relu:  # a rounded zero has either gradient
        assert torch.allclose(our_gradient, their_gradient, atol=1e-4)


def test_weights_of_the_gradient_are_made_when_a_gradient_needs_them():
    layer = frozen(5, 6, torch.float32, DIRECT)
    x = random_tensor(1, 5, 7, 8)
    layer(x)
    assert layer._direct_backward_weight is None
    with torch.inference_mode():
        layer.propagate_back(layer(x), None)
    made = layer._direct_backward_weight
    assert torch.equal(made, layer.weight.flip(2, 3).transpose(0, 1))
    assert not made.is_inference()
    layer.propagate_back(layer(x), None)
    assert layer._direct_backward_weight is made


def test_trainable_weights_get_a_gradient():
    layer = Conv3x3(3, 4)
    layer(random_tensor(1, 3, 5, 6), relu=True).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_winograd_in_bfloat16_adds_little_error():
    x = relu(random_tensor(1, 256, 40, 40))
    errors = []
    for method in METHODS:
        layer = frozen(256, 256, torch.bfloat16, method)
        exact = conv2d(x, layer._loaded_weight, layer.bias.float(), padding=1)
        y = layer(x.bfloat16().contiguous(memory_format=torch.channels_last)).float()
        errors.append(((y - exact).norm() / exact.norm()).item())
    direct, *by_winograd = errors
    assert direct < min(by_winograd)
    assert max(by_winograd) < 0.02  # for random numbers; for activations a third of that


@pytest.mark.parametrize(
    ("inputs", "outputs", "forward", "backward"),
    [(64, 64, False, True), (128, 256, True, True), (32, 256, False, False)],
)
def test_winograd_is_used_from_a_number_of_channels_on(inputs, outputs, forward, backward):
    layer = frozen(inputs, outputs, torch.bfloat16, ConvolutionMethod(64))
    assert layer._uses_winograd(backward=False) == forward
    assert layer._uses_winograd(backward=True) == backward
