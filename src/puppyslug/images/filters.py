"""Smoothing a gradient: less grain, larger shapes."""

import functools
import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

NARROWEST = 0.1  # pixels; a Gaussian below has no width at all
BANDS = 4  # of the Laplacian pyramid
_CASCADE = (0.5, 1.0, 2.0)  # widths that are summed, relative to the one asked for
_REACH = 3  # standard deviations at which a Gaussian is cut off


def smooth(gradient: Tensor, how: str) -> Tensor:
    """Smooth a gradient.

    Args:
        gradient: N×C×H×W.
        how: ``"0"`` leaves it as it is; a number is the width in pixels of a Gaussian, of which
            one half, one and two widths are summed, the wider the stronger; ``"laplacian"``
            brings every band of a Laplacian pyramid to the same strength (TensorFlow's tutorial
            of 2015, ``lap_normalize``).

    Returns:
        N×C×H×W, of another scale.
    """
    if how == "laplacian":
        return _equalised(gradient, BANDS)
    width = float(how)
    if width < NARROWEST:
        return gradient
    (first, *others) = (factor * blur(gradient, factor * width) for factor in _CASCADE)
    return sum(others, start=first)


def blur(image: Tensor, sigma: float) -> Tensor:
    """Blur with a Gaussian; edges are continued by their own values.

    Args:
        image: N×C×H×W.
        sigma: standard deviation in pixels; 0 leaves the picture as it is.
    """
    if sigma <= 0:
        return image
    kernel = _gaussian(sigma).to(image)
    reach = kernel.numel() // 2
    channels = image.shape[1]
    for shape, sides in (((1, -1), (reach, reach, 0, 0)), ((-1, 1), (0, 0, reach, reach))):
        weight = kernel.reshape(1, 1, *shape).expand(channels, 1, -1, -1)
        image = conv2d(pad(image, sides, mode="replicate"), weight, groups=channels)
    return image


@functools.lru_cache(maxsize=64)
def _gaussian(sigma: float) -> Tensor:
    reach = max(1, math.ceil(_REACH * sigma))
    kernel = torch.exp(-torch.arange(-reach, reach + 1).square() / (2 * sigma**2))
    return kernel / kernel.sum()


def halve(image: Tensor) -> Tensor:
    """The next level of a Gaussian pyramid, as OpenCV's ``pyrDown`` makes it.

    Args:
        image: N×C×H×W with edges of at least 3 pixels.

    Returns:
        N×C×⌈H/2⌉×⌈W/2⌉.
    """
    binomial = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]).to(image) / 16
    channels = image.shape[1]
    kernel = torch.outer(binomial, binomial).expand(channels, 1, 5, 5)
    return conv2d(pad(image, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=channels)


def _equalised(gradient: Tensor, bands: int) -> Tensor:
    """Every band of the Laplacian pyramid divided by its own standard deviation."""
    if bands == 0 or min(gradient.shape[-2:]) < 2 * _REACH:
        return _unit(gradient)
    size = gradient.shape[-2:]
    coarse = halve(gradient)
    fine = gradient - interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    below = interpolate(
        _equalised(coarse, bands - 1), size=size, mode="bilinear", align_corners=False
    )
    return _unit(fine) + below


def _unit(band: Tensor) -> Tensor:
    spread = band.std((1, 2, 3), keepdim=True, correction=0)
    return band / torch.where(spread > 0, spread, 1.0)
