"""The compiled operations equal the torch versions to the bit."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.networks.kernels import native_elementwise, native_library, relu_max_pool, sign_bits
from puppyslug.networks.kernels.native_library import load_library
from puppyslug.networks.kernels.sign_bits import mask_by_signs, pack_signs
from support.tensors import random_tensor

pytestmark = [
    pytest.mark.skipif(load_library() is None, reason="no native kernels"),
    pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16]),
]
lengths = st.integers(1, 9)


@pytest.fixture
def without_library(monkeypatch):
    """Return a function that makes every later operation a torch version."""
    return lambda: monkeypatch.setattr(native_library, "load_library", lambda: None)


def special_values(*shape, dtype, seed=0):
    x = random_tensor(*shape, seed=seed).to(dtype).contiguous()
    x.view(-1)[::5] = 0
    x.view(-1)[1::7] = float("nan")
    x.view(-1)[2::11] = float("inf")
    x.view(-1)[3::13] = -0.0
    return x


@given(lengths, lengths, st.integers(1, 3))
def test_signs_mask_a_gradient(dtype, height, width, words):
    activation = special_values(2, height, width, 32 * words, dtype=dtype).clamp(min=0)
    gradient = random_tensor(2, height, width, 32 * words, seed=1).to(dtype).contiguous()
    assert native_elementwise.packs_signs(activation)
    masked = mask_by_signs(gradient, pack_signs(activation))
    is_positive = sign_bits.as_integers(activation) > 0
    assert torch.equal(masked, torch.where(is_positive, gradient, 0))


def test_chunks_do_not_matter(dtype, monkeypatch):
    activation = special_values(1, 30, 20, 64, dtype=dtype).clamp(min=0)
    whole = pack_signs(activation), mask_by_signs(activation, pack_signs(activation))
    monkeypatch.setattr(native_elementwise, "CHUNK_VALUES", 96)
    chunks = pack_signs(activation), mask_by_signs(activation, pack_signs(activation))
    for one, other in zip(whole, chunks, strict=True):
        assert torch.equal(one.nan_to_num(), other.nan_to_num())


def test_pooling_equals_the_torch_version(dtype, without_library):
    x = special_values(2, 9, 7, 33, dtype=dtype).permute(0, 3, 1, 2)
    results = []
    for _ in range(2):
        source = x.clone().requires_grad_()
        y = relu_max_pool(source)
        y.sum().backward()
        results.append((y.detach(), source.grad))
        without_library()
    for native, by_torch in zip(*results, strict=True):
        assert torch.equal(native.isnan(), by_torch.isnan())
        assert torch.equal(native.nan_to_num(), by_torch.nan_to_num())


def test_other_types_are_left_to_torch(dtype):
    x = torch.ones(1, 2, 2, 32, dtype=torch.float64)
    assert not native_elementwise.packs_signs(x)
    assert native_library.library_for(x) is None
    assert sign_bits.pack_signs(x).dtype == torch.int64
