import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import max_pool2d, relu

from puppyslug.networks.kernels import relu_max_pool
from support.tensors import random_tensor


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@given(st.integers(2, 23), st.integers(2, 23), st.integers(1, 9))
def test_output_and_gradient_equal_torch(dtype, height, width, channels):
    x = random_tensor(2, channels, height, width, dtype=dtype)
    x[:, :, ::3] = x[:, :, :1]  # ties: the first maximum gets the gradient
    x[:, :, 1::4] = -1
    upper = random_tensor(2, channels, height // 2, width // 2, seed=2, dtype=dtype)
    ours, theirs = (x.clone().requires_grad_() for _ in range(2))
    our_result, their_result = relu_max_pool(ours), max_pool2d(relu(theirs), 2)
    assert torch.equal(our_result, their_result)
    (our_result * upper).sum().backward()
    (their_result * upper).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)
    assert torch.equal(relu_max_pool(x), their_result)
