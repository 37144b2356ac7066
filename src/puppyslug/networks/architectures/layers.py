"""Layers that several families have."""

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu_

from puppyslug.networks.kernels import Convolution

Pair = tuple[int, int]


def convolution(
    below: int,
    channels: int,
    kernel: int | Pair = 1,
    stride: int = 1,
    padding: int | Pair = 0,
) -> nn.Conv2d:
    """A convolution with bias; 3×3 ones that keep the size are puppyslug's own, faster ones."""
    if kernel in (3, (3, 3)) and stride == 1 and padding in (1, (1, 1)):
        return Convolution(below, channels)
    return nn.Conv2d(below, channels, kernel, stride, padding)


def convolve_relu(layer: nn.Module, x: Tensor) -> Tensor:
    """A convolution and its ReLU, as one where the convolution can."""
    if isinstance(layer, Convolution):
        fused: Tensor = layer(x, relu=True)
        return fused
    y: Tensor = layer(x)
    return relu_(y)


def halve(x: Tensor, kernel: int = 3, *, padding: int = 0, rounds_up: bool = False) -> Tensor:
    """The largest of every window of kernel×kernel, two apart."""
    return max_pool2d(x, kernel, 2, padding, ceil_mode=rounds_up)
