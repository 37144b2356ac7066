"""Local response normalisation across channels (A. Krizhevsky et al., 2012), as in Caffe."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

SIZE, ALPHA, BETA = 5, 1e-4, 0.75


class LocalResponseNorm(nn.Module):
    """Divides by (1 + α/n · sum of the squares of the n nearest channels) to the power β."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        indices = torch.arange(channels, device="cpu")
        near = (indices[:, None] - indices).abs() <= SIZE // 2
        self._kernel = (near * (ALPHA / SIZE))[:, :, None, None]

    def forward(self, x: Tensor) -> Tensor:
        """Normalise N×C×H×W."""
        # Activations reach thousands: their squares are summed in float32 at least.
        square = x.to(torch.promote_types(x.dtype, torch.float32)).square()
        power = conv2d(square, self._kernel.to(square)).add_(1)
        return x * power.pow(-BETA).to(x.dtype)
