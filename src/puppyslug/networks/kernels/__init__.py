"""Fast layers for frozen networks, in plain torch or with compiled transforms (``native.c``).

The backward pass keeps nothing but signs: the gradient with respect to the image through
convolutions, ReLU and max pooling needs no activations.
"""

from puppyslug.networks.kernels.convolution import Conv3x3
from puppyslug.networks.kernels.depthwise import DepthwiseConv2d, SameConv2d
from puppyslug.networks.kernels.method import DIRECT, ConvolutionMethod
from puppyslug.networks.kernels.pooling import relu_max_pool

__all__ = [
    "DIRECT",
    "Conv3x3",
    "ConvolutionMethod",
    "DepthwiseConv2d",
    "SameConv2d",
    "relu_max_pool",
]
