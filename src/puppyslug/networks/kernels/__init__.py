"""Fast layers for frozen networks, in plain torch.

The backward pass keeps nothing but signs: the gradient with respect to the image through
convolutions, ReLU and max pooling needs no activations.
"""

from puppyslug.networks.kernels.convolution import Conv3x3
from puppyslug.networks.kernels.pooling import relu_max_pool
from puppyslug.networks.kernels.tuning import measure_winograd_min_channels

__all__ = ["Conv3x3", "measure_winograd_min_channels", "relu_max_pool"]
