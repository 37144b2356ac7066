"""A frozen depthwise convolution, by the compiled library where its stride is 2.

There torch's own backward pass takes up to 12 times as long; with stride 1, torch is faster.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from puppyslug.networks.kernels import native_depthwise
from puppyslug.networks.kernels.method import DIRECT, ConvolutionMethod
from puppyslug.networks.kernels.native_depthwise import Geometry
from puppyslug.networks.kernels.sign_bits import to_channels_last


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding: an odd pixel goes to the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve N×C×H×W to N×C'×⌈H/stride⌉×⌈W/stride⌉."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return conv2d(x, self.weight, self.bias, 1, kernel // 2, groups=self.groups)
        left, right = same_padding(x.shape[-1], kernel, stride)
        top, bottom = same_padding(x.shape[-2], kernel, stride)
        x = pad(x, [left, right, top, bottom])
        return conv2d(x, self.weight, self.bias, stride, groups=self.groups)


class DepthwiseConv2d(SameConv2d):
    """A depthwise convolution with "same" padding, whose weights need no gradient.

    Call ``freeze`` once the weights are loaded. While weights require a gradient, as in
    finetuning, torch's own convolution is used.
    """

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(channels, channels, kernel, stride, groups=channels)
        self.method = DIRECT
        self._taps: Tensor | None = None

    def freeze(
        self, *, device: torch.device, dtype: torch.dtype, method: ConvolutionMethod = DIRECT
    ) -> None:
        """Convert the weights to the form in which they are used; see ``Conv3x3.freeze``."""
        self.to(device=device, dtype=dtype)
        self.method = method
        self._taps = None

    def forward(self, x: Tensor) -> Tensor:
        """Convolve N×C×H×W to N×C×⌈H/stride⌉×⌈W/stride⌉."""
        is_native = self.stride[0] > 1 and self.method.uses_library(x)
        if not is_native or self.weight.requires_grad:
            return super().forward(x)
        y: Tensor = _DepthwiseFunction.apply(x, self)  # type: ignore[no-untyped-call]
        return y

    def taps(self) -> Tensor:
        """Return the weights in float32, kernel² × C, made when they are first needed."""
        if self._taps is None:
            with torch.inference_mode(mode=False):
                self._taps = self.weight.data.flatten(1).t().float().contiguous()
        return self._taps

    def geometry(self, height: int, width: int) -> Geometry:
        """Return where the kernel lies on images of a size."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        top, left = (same_padding(length, kernel, stride)[0] for length in (height, width))
        return Geometry(kernel, stride, top, left, -(-height // stride), -(-width // stride))


class _DepthwiseFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: DepthwiseConv2d) -> Tensor:
        images = to_channels_last(x)
        ctx.layer, ctx.size, ctx.geometry = layer, images.shape, layer.geometry(*images.shape[1:3])
        assert layer.bias is not None
        y = native_depthwise.convolve(images, layer.taps(), layer.bias.float(), ctx.geometry)
        return y.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        images, taps = to_channels_last(gradient), ctx.layer.taps()
        result = native_depthwise.propagate_back(images, taps, ctx.geometry, ctx.size)
        return result.permute(0, 3, 1, 2), None


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's "same" padding before and after an image: an odd pixel goes after."""
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2
