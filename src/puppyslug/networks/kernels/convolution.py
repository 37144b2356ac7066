"""A frozen 3×3 convolution with its ReLU, by the direct method or by Winograd's."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from puppyslug.networks.kernels.sign_bits import (
    mask_by_signs,
    pack_signs,
    relu_,
    to_channels_last,
)
from puppyslug.networks.kernels.winograd import transform_weights, winograd

# Winograd's method is not used forward below this many output channels. Its rounding depends on
# the position in the tile, so equal neighbours in a flat region become unequal, and the first max
# poolings choose other maxima than float32 does. Deeper layers and the backward pass tolerate it.
WINOGRAD_MIN_FORWARD_CHANNELS = 256
IMAGE_MAX_CHANNELS = 4  # the gradient of an input with so few channels has a faster method


class Conv3x3(nn.Conv2d):
    """A 3×3 convolution with stride 1 and padding 1, whose weights need no gradient.

    Call ``freeze`` once the weights are loaded. While weights require a gradient, as in
    finetuning, torch's own convolution is used.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)
        self.winograd_min_channels = 0
        self._loaded_weight = self._backward_weight = torch.empty(0)
        self._winograd_weights: dict[bool, Tensor] = {}

    def freeze(
        self, *, device: torch.device, dtype: torch.dtype, winograd_min_channels: int = 0
    ) -> None:
        """Convert the weights to the form in which they are used.

        Args:
            device: where to compute.
            dtype: what to compute in.
            winograd_min_channels: fewest channels for which Winograd's method is used; 0 for
                never.
        """
        self._loaded_weight = self.weight.detach()
        self.to(device=device, dtype=dtype)
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)
        # The gradient of a convolution is the convolution with flipped taps and swapped channels.
        self._backward_weight = self.weight.data.flip(2, 3).transpose(0, 1)
        self._backward_weight = self._backward_weight.contiguous(memory_format=torch.channels_last)
        self.winograd_min_channels = winograd_min_channels

    def forward(self, x: Tensor, *, relu: bool = False) -> Tensor:
        """Convolve N×C×H×W to N×C'×H×W, optionally followed by a ReLU."""
        if self.weight.requires_grad:
            trainable = conv2d(x, self.weight, self.bias, padding=1)
            return trainable.relu() if relu else trainable
        is_image = self.in_channels <= IMAGE_MAX_CHANNELS
        function = _ImageConv3x3Function if is_image else _Conv3x3Function
        y: Tensor = function.apply(x, self, relu)  # type: ignore[no-untyped-call]
        return y

    def convolve(self, x: Tensor, *, backward: bool, relu: bool = False) -> Tensor:
        """Convolve, or propagate a gradient back through the convolution."""
        bias = None if backward else self.bias
        if self._uses_winograd(backward=backward):
            return winograd(x, self._winograd_weight(backward=backward), bias, relu=relu)
        y = conv2d(x, self._backward_weight if backward else self.weight, bias, padding=1)
        return relu_(y) if relu else y

    def _uses_winograd(self, *, backward: bool) -> bool:
        if not self.winograd_min_channels:
            return False
        if not backward and self.out_channels < WINOGRAD_MIN_FORWARD_CHANNELS:
            return False
        return min(self.in_channels, self.out_channels) >= self.winograd_min_channels

    def _winograd_weight(self, *, backward: bool) -> Tensor:
        if backward not in self._winograd_weights:
            with torch.inference_mode(mode=False):
                weight = self._loaded_weight
                weight = weight.flip(2, 3).transpose(0, 1) if backward else weight
                transformed = transform_weights(weight, self.weight.dtype)
            self._winograd_weights[backward] = transformed
        return self._winograd_weights[backward]


class _Conv3x3Function(torch.autograd.Function):
    """Saves the signs of its output and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: Conv3x3, relu: bool) -> Tensor:
        y = layer.convolve(x, backward=False, relu=relu)
        ctx.layer = layer
        if relu and ctx.needs_input_grad[0]:
            ctx.save_for_backward(pack_signs(to_channels_last(y)))
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        gradient = _relu_backward(ctx, gradient).permute(0, 3, 1, 2)
        return ctx.layer.convolve(gradient, backward=True), None, None


class _ImageConv3x3Function(_Conv3x3Function):
    """For few input channels: the gradient is one plane for each tap and colour, summed."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        gradient = _relu_backward(ctx, gradient)
        count, height, width, channels = gradient.shape
        taps = ctx.layer.weight.flatten(1).t()  # (colours · 3 · 3) × channels
        colours = taps.shape[0] // 9
        result = gradient.new_zeros(count, colours, height + 2, width + 2, dtype=torch.float32)
        for image, target in zip(gradient, result, strict=True):
            planes = torch.mm(taps, image.view(-1, channels).t())
            planes = planes.view(colours, 3, 3, height, width)
            for i in range(3):
                for j in range(3):
                    target[:, i : i + height, j : j + width] += planes[:, i, j]
        return result[:, :, 1:-1, 1:-1].to(gradient.dtype), None, None


def _relu_backward(ctx: Any, gradient: Tensor) -> Tensor:
    """Propagate a gradient back through the ReLU, if there is one; returns N×H×W×C."""
    gradient = to_channels_last(gradient)
    return mask_by_signs(gradient, *ctx.saved_tensors) if ctx.saved_tensors else gradient
