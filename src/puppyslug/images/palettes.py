"""Palettes: the distribution of an image's colours, and its transfer to another image."""

import torch
from torch import Tensor

MIN_DEVIATION = 1 / 255  # in any direction of colour, so that grey images can be coloured
_UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))  # of a symmetric matrix

Palette = tuple[float, ...]


def measure_palette(image: Tensor) -> Palette:
    """Measure the mean and the covariance of an image's colours.

    Args:
        image: 1×3×H×W RGB in [0, 1].

    Returns:
        Nine numbers: the mean of red, green and blue, and the upper triangle of their covariance,
        row by row.
    """
    mean, covariance = _moments(image)
    return (*mean.tolist(), *(float(covariance[place]) for place in _UPPER))


def transfer_palette(image: Tensor, palette: Palette) -> Tensor:
    """Change the colours of an image so that they are distributed as in a palette.

    The linear Monge-Kantorovitch transport (Pitié and Kokaram, The linear Monge-Kantorovitch linear
    colour mapping for example-based colour transfer, 2007), which moves colours as little as
    possible.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        palette: as ``measure_palette`` returns it.

    Returns:
        1×3×H×W RGB in [0, 1].
    """
    mean, covariance = _moments(image)
    target_mean = torch.tensor(palette[:3], dtype=torch.float64)
    target = torch.zeros(3, 3, dtype=torch.float64)
    for (row, column), value in zip(_UPPER, palette[3:], strict=True):
        target[row, column] = target[column, row] = value
    root = _power(covariance, 0.5)
    inverse = _power(covariance, -0.5)
    matrix = inverse @ _power(root @ target @ root, 0.5) @ inverse
    offset = target_mean - matrix @ mean
    matrix, offset = matrix.to(image), offset.to(image)
    moved = torch.einsum("ij,njhw->nihw", matrix, image) + offset.reshape(1, 3, 1, 1)
    return moved.clamp_(0, 1)


def _moments(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean, (3,), and the covariance, 3×3, of an image's colours, float64 on the CPU."""
    pixels = image[0].flatten(1).double().cpu()
    return pixels.mean(1), torch.cov(pixels, correction=0)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Compute a power of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    floor = MIN_DEVIATION**2 if exponent < 0 else 0.0
    power: Tensor = (vectors * values.clamp(min=floor) ** exponent) @ vectors.T
    return power
