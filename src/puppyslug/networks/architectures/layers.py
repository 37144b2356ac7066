"""Layers that several architectures use."""

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu_

from puppyslug.networks.kernels import Conv3x3

Pair = tuple[int, int]


def make_convolution(
    in_channels: int,
    out_channels: int,
    kernel: int | Pair = 1,
    stride: int = 1,
    padding: int | Pair = 0,
) -> nn.Conv2d:
    """Create a convolution with bias: the fast ``Conv3x3`` where it is equivalent."""
    if kernel in (3, (3, 3)) and stride == 1 and padding in (1, (1, 1)):
        return Conv3x3(in_channels, out_channels)
    return nn.Conv2d(in_channels, out_channels, kernel, stride, padding)


def convolve_relu(layer: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution and a ReLU, fused where the convolution can."""
    if isinstance(layer, Conv3x3):
        fused: Tensor = layer(x, relu=True)
        return fused
    y: Tensor = layer(x)
    return relu_(y)


def max_pool(x: Tensor, kernel: int = 3, *, padding: int = 0, ceil_mode: bool = False) -> Tensor:
    """Apply max pooling with stride 2."""
    return max_pool2d(x, kernel, 2, padding, ceil_mode=ceil_mode)
