"""A frozen 3×3 convolution with its ReLU, by the direct method or by Winograd's."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from puppyslug.networks.kernels.sign_bits import pack_signs, pixels, relu_, where_positive
from puppyslug.networks.kernels.winograd import transform_weights, winograd

# No Winograd forward below this many output channels. It rounds by the position in its tile, so
# equal neighbours in a flat region come out unequal, and the first max poolings choose other
# winners than float32 does. Deeper layers and the backward pass do not mind.
FORWARD_CHANNELS = 256
FEW_CHANNELS = 4  # of a picture: its gradient has a faster way of its own


class Convolution(nn.Conv2d):
    """A 3×3 convolution with stride 1 and padding 1, whose weights need no gradient.

    Call ``freeze`` once the weights are read. Weights that ask for a gradient all the same, for
    they are being taught, go by torch's own convolution.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)
        self.winograd_from = 0
        self._exact = self._flipped = torch.empty(0)
        self._transformed: dict[bool, Tensor] = {}

    def freeze(self, *, device: torch.device, dtype: torch.dtype, winograd_from: int = 0) -> None:
        """Bring the weights into the form that is computed in.

        Args:
            device: where to compute.
            dtype: what to compute in.
            winograd_from: fewest channels for which Winograd's method is used; 0 for never.
        """
        self._exact = self.weight.detach()
        self.to(device=device, dtype=dtype)
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)
        # the convolution that leads a gradient back: taps turned round, channels swapped
        self._flipped = self.weight.data.flip(2, 3).transpose(0, 1)
        self._flipped = self._flipped.contiguous(memory_format=torch.channels_last)
        self.winograd_from = winograd_from

    def forward(self, x: Tensor, *, relu: bool = False) -> Tensor:
        """Convolve, N×C×H×W → N×C'×H×W, and apply a ReLU if asked to."""
        if self.weight.requires_grad:
            learning = conv2d(x, self.weight, self.bias, padding=1)
            return learning.relu() if relu else learning
        function = _FirstConvolution if self.in_channels <= FEW_CHANNELS else _Convolution
        y: Tensor = function.apply(x, self, relu)  # type: ignore[no-untyped-call]
        return y

    def convolve(self, x: Tensor, *, backward: bool, relu: bool = False) -> Tensor:
        """Convolve, or lead a gradient back through the convolution."""
        bias = None if backward else self.bias
        if self._by_winograd(backward=backward):
            return winograd(x, self._winograd_weights(backward=backward), bias, relu=relu)
        y = conv2d(x, self._flipped if backward else self.weight, bias, padding=1)
        return relu_(y) if relu else y

    def _by_winograd(self, *, backward: bool) -> bool:
        if not self.winograd_from or (not backward and self.out_channels < FORWARD_CHANNELS):
            return False
        return min(self.in_channels, self.out_channels) >= self.winograd_from

    def _winograd_weights(self, *, backward: bool) -> Tensor:
        if backward not in self._transformed:
            weight = self._exact.flip(2, 3).transpose(0, 1) if backward else self._exact
            self._transformed[backward] = transform_weights(weight, self.weight.dtype)
        return self._transformed[backward]


class _Convolution(torch.autograd.Function):
    """Keeps the signs of its output and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: Convolution, relu: bool) -> Tensor:
        y = layer.convolve(x, backward=False, relu=relu)
        _remember(ctx, layer, y, relu)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        gradient = _through_relu(ctx, gradient).permute(0, 3, 1, 2)
        return ctx.layer.convolve(gradient, backward=True), None, None


class _FirstConvolution(_Convolution):
    """For a picture: the gradient is one plane for each tap and colour, shifted and summed."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        gradient = _through_relu(ctx, gradient)
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


def _remember(ctx: Any, layer: Convolution, y: Tensor, relu: bool) -> None:
    ctx.layer = layer
    if relu and ctx.needs_input_grad[0]:
        ctx.save_for_backward(pack_signs(pixels(y)))


def _through_relu(ctx: Any, gradient: Tensor) -> Tensor:
    """The gradient before the ReLU, as N×H×W×C."""
    gradient = pixels(gradient)
    return where_positive(gradient, *ctx.saved_tensors) if ctx.saved_tensors else gradient
