"""Fast frozen layers for networks whose weights need no gradient, in plain torch.

Nothing but signs is kept for the backward pass: the gradient of a picture through convolutions,
ReLU and max pooling needs no activations.
"""

from puppyslug.networks.kernels.choice import measure_winograd_from
from puppyslug.networks.kernels.convolution import Convolution
from puppyslug.networks.kernels.pooling import relu_max_pool

__all__ = ["Convolution", "measure_winograd_from", "relu_max_pool"]
