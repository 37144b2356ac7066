"""Filters: Gaussian blur, image pyramid, and smoothing of a gradient."""

import functools
import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from puppyslug.isolation.torch_state import standard_torch

MIN_SIGMA = 0.1  # pixels; a narrower Gaussian has no effect
PYRAMID_LEVELS = 4
_CASCADE = (0.5, 1.0, 2.0)  # standard deviations of the summed Gaussians, relative to the given one
_TRUNCATE = 3  # standard deviations at which a Gaussian is truncated


def smooth_gradient(gradient: Tensor, method: str) -> Tensor:
    """Smooth a gradient, for less grain and larger shapes.

    Args:
        gradient: N×C×H×W.
        method: ``"0"`` for no smoothing; a number for the standard deviation in pixels of a
            Gaussian, in which case the gradient is blurred with half, once and twice that and
            summed with weights proportional to the width; ``"laplacian"`` to normalise every level
            of a Laplacian pyramid (``lap_normalize`` of TensorFlow's DeepDream tutorial of 2015).

    Returns:
        N×C×H×W, at another scale.
    """
    if method == "laplacian":
        return _normalise_laplacian(gradient, PYRAMID_LEVELS)
    sigma = float(method)
    if sigma < MIN_SIGMA:
        return gradient
    (first, *others) = (factor * blur(gradient, factor * sigma) for factor in _CASCADE)
    return sum(others, start=first)


def blur(image: Tensor, sigma: float) -> Tensor:
    """Blur with a Gaussian; the border is padded by replication.

    Args:
        image: N×C×H×W.
        sigma: standard deviation in pixels; 0 returns the image unchanged.
    """
    if sigma <= 0:
        return image
    kernel = _gaussian_kernel(sigma).to(image)
    radius = kernel.numel() // 2
    channels = image.shape[1]
    for shape, sides in (((1, -1), (radius, radius, 0, 0)), ((-1, 1), (0, 0, radius, radius))):
        weight = kernel.reshape(1, 1, *shape).expand(channels, 1, -1, -1)
        image = conv2d(pad(image, sides, mode="replicate"), weight, groups=channels)
    return image


@functools.lru_cache(maxsize=64)
@standard_torch()  # the kernel is shared with later callers
def _gaussian_kernel(sigma: float) -> Tensor:
    radius = max(1, math.ceil(_TRUNCATE * sigma))
    kernel = torch.exp(-torch.arange(-radius, radius + 1).square() / (2 * sigma**2))
    return kernel / kernel.sum()


def pyramid_down(image: Tensor) -> Tensor:
    """Compute the next level of a Gaussian pyramid, as OpenCV's ``pyrDown`` does.

    Args:
        image: N×C×H×W with sides of at least 3 pixels.

    Returns:
        N×C×⌈H/2⌉×⌈W/2⌉.
    """
    binomial = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]).to(image) / 16
    channels = image.shape[1]
    kernel = torch.outer(binomial, binomial).expand(channels, 1, 5, 5)
    return conv2d(pad(image, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=channels)


def _normalise_laplacian(gradient: Tensor, levels: int) -> Tensor:
    """Divide every level of the Laplacian pyramid by its standard deviation."""
    if levels == 0 or min(gradient.shape[-2:]) < 2 * _TRUNCATE:
        return _normalise(gradient)
    size = gradient.shape[-2:]
    coarse = pyramid_down(gradient)
    fine = gradient - interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    rest = interpolate(
        _normalise_laplacian(coarse, levels - 1), size=size, mode="bilinear", align_corners=False
    )
    return _normalise(fine) + rest


def _normalise(level: Tensor) -> Tensor:
    std = level.std((1, 2, 3), keepdim=True, correction=0)
    return level / torch.where(std > 0, std, 1.0)
