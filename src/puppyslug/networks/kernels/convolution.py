"""A frozen 3×3 convolution with its ReLU, by the direct method or by Winograd's."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from puppyslug.isolation.torch_state import standard_torch
from puppyslug.networks.kernels.method import (
    DIRECT,
    ConvolutionMethod,
    uses_cpu_kernels,
)
from puppyslug.networks.kernels.native_elementwise import WORD, packs_signs
from puppyslug.networks.kernels.native_winograd import native_winograd
from puppyslug.networks.kernels.sign_bits import (
    mask_by_signs,
    pack_signs,
    relu_,
    to_channels_last,
)
from puppyslug.networks.kernels.winograd import transform_weights, winograd

# Winograd's method is not used forward below this many output channels. Its rounding depends on
# the position in the tile, so equal neighbours in a flat region become unequal, and the first max
# poolings choose other maxima. Deeper layers and the backward pass tolerate it.
WINOGRAD_MIN_FORWARD_CHANNELS = 256
IMAGE_MAX_CHANNELS = 4  # the gradient of an input with so few channels has a faster method


class Conv3x3(nn.Conv2d):
    """A 3×3 convolution with stride 1 and padding 1, whose weights need no gradient.

    Call ``freeze`` once the weights are loaded. While weights require a gradient, as in
    finetuning, torch's own convolution is used.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)
        self.method = DIRECT
        self._loaded_weight = torch.empty(0)
        self._direct_backward_weight: Tensor | None = None
        self._winograd_weights: dict[bool, Tensor] = {}

    def freeze(
        self, *, device: torch.device, dtype: torch.dtype, method: ConvolutionMethod = DIRECT
    ) -> None:
        """Convert the weights to the form in which they are used.

        Args:
            device: where to compute.
            dtype: what to compute in.
            method: how to convolve.
        """
        self._loaded_weight = self.weight.detach()
        self.to(device=device, dtype=dtype)
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)
        self._direct_backward_weight = None
        self.method = method

    def forward(self, x: Tensor, *, relu: bool = False) -> Tensor:
        """Convolve N×C×H×W to N×C'×H×W, optionally followed by a ReLU."""
        if self.weight.requires_grad or not uses_cpu_kernels(x):
            plain = conv2d(x, self.weight, self.bias, padding=1)
            return plain.relu_() if relu else plain
        is_image = self.in_channels <= IMAGE_MAX_CHANNELS
        function = _ImageConv3x3Function if is_image else _Conv3x3Function
        y: Tensor = function.apply(x, self, relu)  # type: ignore[no-untyped-call]
        return y

    def convolve(
        self, x: Tensor, *, relu: bool = False, with_signs: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Convolve N×C×H×W.

        Args:
            x: channels_last.
            relu: whether to apply a ReLU.
            with_signs: whether to pack the signs of the result.

        Returns:
            N×C'×H×W, channels_last, and its signs for ``propagate_back`` or None.
        """
        if not self._uses_winograd(backward=False):
            y = conv2d(x, self.weight, self.bias, padding=1)
            y = relu_(y) if relu else y
        elif not self.method.uses_library(x):
            y = winograd(x, self._winograd_weight(backward=False), self.bias, relu=relu)
        else:
            return self._convolve_natively(x, relu=relu, with_signs=with_signs)
        return y, pack_signs(to_channels_last(y)) if with_signs else None

    def _convolve_natively(
        self, x: Tensor, *, relu: bool, with_signs: bool
    ) -> tuple[Tensor, Tensor | None]:
        weight = self._winograd_weight(backward=False)
        images = to_channels_last(x)
        signs = None
        if with_signs and self.out_channels % WORD == 0:
            words = self.out_channels // WORD
            signs = images.new_empty(*images.shape[:3], words, dtype=torch.int32)
        y = native_winograd(images, weight, self.bias, relu=relu, signs=signs)
        if with_signs and signs is None:
            signs = pack_signs(y)
        return y.permute(0, 3, 1, 2), signs

    def propagate_back(self, gradient: Tensor, signs: Tensor | None) -> Tensor:
        """Propagate a gradient back through the ReLU, if there are signs, and the convolution.

        Args:
            gradient: N×C'×H×W, channels_last.
            signs: from ``convolve``, or None.

        Returns:
            N×C×H×W, channels_last.
        """
        images, mask = to_channels_last(gradient), None
        uses_winograd = self._uses_winograd(backward=True)
        is_native = uses_winograd and self.method.uses_library(gradient)
        if is_native and packs_signs(images):
            mask = signs  # applied while the images are transformed
        elif signs is not None:
            images = mask_by_signs(images, signs)
        if is_native:
            weight = self._winograd_weight(backward=True)
            return native_winograd(images, weight, mask=mask).permute(0, 3, 1, 2)
        masked = images.permute(0, 3, 1, 2)
        if uses_winograd:
            return winograd(masked, self._winograd_weight(backward=True), None)
        return conv2d(masked, self._backward_weight(), None, padding=1)

    def _uses_winograd(self, *, backward: bool) -> bool:
        min_channels = self.method.winograd_min_channels
        if not min_channels:
            return False
        if not backward and self.out_channels < WINOGRAD_MIN_FORWARD_CHANNELS:
            return False
        return min(self.in_channels, self.out_channels) >= min_channels

    def _backward_weight(self) -> Tensor:
        """Return the weights of the gradient, made when a gradient first needs them.

        The gradient of a convolution is the convolution with flipped taps and swapped channels.
        """
        if self._direct_backward_weight is None:
            with torch.inference_mode(mode=False):
                weight = self.weight.data.flip(2, 3).transpose(0, 1)
                weight = weight.contiguous(memory_format=torch.channels_last)
            self._direct_backward_weight = weight
        return self._direct_backward_weight

    def _winograd_weight(self, *, backward: bool) -> Tensor:
        if backward not in self._winograd_weights:
            with standard_torch():  # the weights are shared with later callers
                weight = self._loaded_weight
                weight = weight.flip(2, 3).transpose(0, 1) if backward else weight
                transformed = transform_weights(weight, self.weight.dtype)
            self._winograd_weights[backward] = transformed
        return self._winograd_weights[backward]


class _Conv3x3Function(torch.autograd.Function):
    """Saves the signs of its output and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: Conv3x3, relu: bool) -> Tensor:
        y, signs = layer.convolve(x, relu=relu, with_signs=relu and ctx.needs_input_grad[0])
        ctx.layer = layer
        ctx.save_for_backward(signs)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (signs,) = ctx.saved_tensors
        return ctx.layer.propagate_back(gradient, signs), None, None


class _ImageConv3x3Function(_Conv3x3Function):
    """For few input channels: the gradient is one plane for each tap and colour, summed."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (signs,) = ctx.saved_tensors
        gradient = to_channels_last(gradient)
        if signs is not None:
            gradient = mask_by_signs(gradient, signs)
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
