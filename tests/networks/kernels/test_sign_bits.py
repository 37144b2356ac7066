import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import relu

from puppyslug.networks.kernels.sign_bits import mask_by_signs, pack_signs, relu_
from support.tensors import random_tensor


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@given(st.integers(1, 300))
def test_packed_signs_mask_a_gradient(dtype, count):
    values = relu(random_tensor(1, 1, 1, count).to(dtype))
    gradient = random_tensor(1, 1, 1, count, seed=1).to(dtype)
    words = pack_signs(values)
    assert words.numel() <= count // (8 * values.element_size()) + 1
    assert torch.equal(mask_by_signs(gradient, words), torch.where(values > 0, gradient, 0))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_integer_relu_equals_relu(dtype):
    values = random_tensor(2, 3, 4, 5).to(dtype)
    assert torch.equal(relu_(values.clone()), relu(values))
