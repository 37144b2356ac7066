"""Random tensors, the same in every test."""

import torch


def random_tensor(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Normally distributed numbers, N×C×H×W in channels_last."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return values.to(dtype, memory_format=torch.channels_last)
