"""ReLU and 2×2 max pooling in one, as integer operations on the bits of the numbers."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from puppyslug.networks.kernels import native_elementwise
from puppyslug.networks.kernels.method import uses_cpu_kernels
from puppyslug.networks.kernels.native_library import library_for
from puppyslug.networks.kernels.sign_bits import as_integers, to_channels_last


def relu_max_pool(x: Tensor) -> Tensor:
    """Apply a ReLU and a 2×2 max pooling; an odd last row or column is dropped.

    The backward pass keeps one byte for each output: the index of the first maximum.

    Args:
        x: N×C×H×W, channels_last.

    Returns:
        N×C×⌊H/2⌋×⌊W/2⌋, channels_last.
    """
    if not uses_cpu_kernels(x):
        return max_pool2d(x, 2).relu_()
    y: Tensor = _ReluMaxPoolFunction.apply(x)  # type: ignore[no-untyped-call]
    return y


class _ReluMaxPoolFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        images = to_channels_last(x)
        if library_for(images) is not None:
            maxima, index = native_elementwise.relu_max_pool(images)
            ctx.size = images.shape
            if ctx.needs_input_grad[0]:
                ctx.save_for_backward(index)
            return maxima.permute(0, 3, 1, 2)
        bits = as_integers(images)
        ctx.size = bits.shape
        corners = _corners(bits)
        maximum = torch.maximum(corners[0], corners[1])
        torch.maximum(maximum, corners[2], out=maximum)
        torch.maximum(maximum, corners[3], out=maximum)
        if ctx.needs_input_grad[0]:
            maximum.clamp_(min=1)  # the smallest positive number: a zero is never the maximum
            index, differs = torch.zeros_like(maximum), torch.empty_like(maximum)
            for corner in reversed(corners):
                torch.ne(corner, maximum, out=differs)
                index.add_(1).mul_(differs)
            ctx.save_for_backward(index.to(torch.int8))
            maximum.mul_(torch.ne(maximum, 1, out=differs))
        else:
            maximum.clamp_(min=0)
        return maximum.view(x.dtype).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (index,) = ctx.saved_tensors
        images = to_channels_last(gradient)
        if library_for(images) is not None:
            return native_elementwise.unpool(images, index, ctx.size).permute(0, 3, 1, 2)
        bits = as_integers(images)
        result = bits.new_empty(ctx.size)
        height, width = (length // 2 * 2 for length in ctx.size[1:3])
        result[:, height:] = 0
        result[:, :, width:] = 0
        index, is_maximum = index.to(bits.dtype), torch.empty_like(bits)
        for number, corner in enumerate(_corners(result)):
            torch.eq(index, number, out=is_maximum)
            torch.mul(bits, is_maximum, out=corner)
        return result.view(gradient.dtype).permute(0, 3, 1, 2)


def _corners(bits: Tensor) -> list[Tensor]:
    """Return the four pixels of every 2×2 window of N×H×W×C, in reading order."""
    height, width = (length // 2 * 2 for length in bits.shape[1:3])
    return [bits[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
