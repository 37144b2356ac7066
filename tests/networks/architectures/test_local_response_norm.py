import torch
from torch import nn

from puppyslug.networks.architectures.local_response_norm import LocalResponseNorm


def test_it_equals_torch():
    x = 60 * torch.randn(2, 11, 5, 6, generator=torch.Generator().manual_seed(2))
    expected = nn.functional.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
    assert torch.allclose(LocalResponseNorm(11)(x), expected, rtol=1e-5)


def test_it_keeps_the_precision_of_its_input():
    assert LocalResponseNorm(11)(torch.rand(1, 11, 2, 2).bfloat16()).dtype == torch.bfloat16
