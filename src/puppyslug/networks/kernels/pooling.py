"""ReLU and 2×2 max pooling in one, on the bits of numbers."""

from typing import Any

import torch
from torch import Tensor

from puppyslug.networks.kernels.sign_bits import integers, pixels


def relu_max_pool(x: Tensor) -> Tensor:
    """ReLU, then the largest of every 2×2 pixels; an odd last row or column is dropped.

    For the backward pass it keeps one byte an output: which pixel is the first largest.

    Args:
        x: N×C×H×W, channels_last.

    Returns:
        N×C×⌊H/2⌋×⌊W/2⌋, channels_last.
    """
    y: Tensor = _ReluMaxPool.apply(x)  # type: ignore[no-untyped-call]
    return y


class _ReluMaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        bits = integers(pixels(x))
        ctx.size = bits.shape
        corners = _corners(bits)
        largest = torch.maximum(corners[0], corners[1])
        torch.maximum(largest, corners[2], out=largest)
        torch.maximum(largest, corners[3], out=largest)
        if ctx.needs_input_grad[0]:
            largest.clamp_(min=1)  # the smallest positive number: no zero counts as a winner
            winner, lost = torch.zeros_like(largest), torch.empty_like(largest)
            for corner in reversed(corners):
                torch.ne(corner, largest, out=lost)
                winner.add_(1).mul_(lost)
            ctx.save_for_backward(winner.to(torch.int8))
            largest.mul_(torch.ne(largest, 1, out=lost))
        else:
            largest.clamp_(min=0)
        return largest.view(x.dtype).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (winner,) = ctx.saved_tensors
        bits = integers(pixels(gradient))
        result = bits.new_empty(ctx.size)
        height, width = (length // 2 * 2 for length in ctx.size[1:3])
        result[:, height:] = 0
        result[:, :, width:] = 0
        winner, won = winner.to(bits.dtype), torch.empty_like(bits)
        for index, corner in enumerate(_corners(result)):
            torch.eq(winner, index, out=won)
            torch.mul(bits, won, out=corner)
        return result.view(gradient.dtype).permute(0, 3, 1, 2)


def _corners(bits: Tensor) -> list[Tensor]:
    """The four pixels of every 2×2 window, in reading order, of N×H×W×C."""
    height, width = (length // 2 * 2 for length in bits.shape[1:3])
    return [bits[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
