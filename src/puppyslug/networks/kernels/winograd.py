"""Convolution by Winograd's minimal filtering, F(4×4, 3×3).

A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, 2015, arXiv:1509.09308: a tile
of 4×4 outputs takes 36 products instead of 144. The interpolation points are 0, ±√½, ±√2 and ∞
instead of the paper's 0, ±1, ±2 and ∞. This halves the error of rounding to bfloat16, because the
output transform has smaller coefficients.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from puppyslug.networks.kernels.sign_bits import as_integers, to_channels_last

TILE = 4  # side length of a tile's output in pixels; that of its input is 6
STRIP_BYTES = 5 << 20  # of tiles that are transformed at a time, to stay in the last-level cache

_A, _B = 0.5**0.5, 2**0.5
_INPUT = (
    (1, 0, -2.5, 0, 1, 0),
    (0, -_B, -2, _A, 1, 0),
    (0, _B, -2, -_A, 1, 0),
    (0, -_A, -0.5, _B, 1, 0),
    (0, _A, -0.5, -_B, 1, 0),
    (0, 1, 0, -2.5, 0, 1),
)
_WEIGHT = (
    (1, 0, 0),
    (-2 / 3, -2 / 3 * _A, -1 / 3),
    (-2 / 3, 2 / 3 * _A, -1 / 3),
    (1 / 6, _B / 6, 1 / 3),
    (1 / 6, -_B / 6, 1 / 3),
    (0, 0, 1),
)
_OUTPUT = (
    (1, 1, 1, 1, 1, 0),
    (0, _A, -_A, _B, -_B, 0),
    (0, 0.5, 0.5, 2, 2, 0),
    (0, _A / 2, -_A / 2, 2 * _B, -2 * _B, 1),
)


def transform_weights(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """Transform the weights of a 3×3 convolution, once in advance.

    Args:
        weight: C'×C×3×3 float32.
        dtype: of the result.

    Returns:
        36×C×C'.
    """
    taps = weight.permute(2, 3, 1, 0).flatten(0, 1)
    products = _kronecker_square(_WEIGHT, torch.float32) @ taps.flatten(1)
    return products.view(36, *taps.shape[1:]).to(dtype)


def winograd(x: Tensor, weights: Tensor, bias: Tensor | None, *, relu: bool = False) -> Tensor:
    """Convolve 3×3 with stride 1 and padding 1, a strip of tile rows at a time.

    Each transform is one matrix product with the Kronecker square of the 1-D transform: 36×36 for
    the input, 16×36 for the output plus one column that adds the bias.

    Args:
        x: N×C×H×W, channels_last.
        weights: from ``transform_weights``, in the type of ``x``.
        bias: C' numbers, or None.
        relu: whether to apply a ReLU.

    Returns:
        N×C'×H×W, channels_last.
    """
    in_channels, out_channels = weights.shape[1:]
    image = to_channels_last(x)
    count, height, width, _ = image.shape
    result = image.new_empty(count, height, width, out_channels)

    across, down = -(-width // TILE), -(-height // TILE)
    row_bytes = 36 * across * max(in_channels, out_channels) * x.element_size()
    rows = -(-down // -(-down * row_bytes // STRIP_BYTES))
    tiles = rows * across

    padded = x.new_zeros(rows * TILE + 2, across * TILE + 2, in_channels)
    row, step, _ = padded.stride()
    windows = padded.as_strided(
        (6, 6, rows, across, in_channels), (row, step, TILE * row, TILE * step, 1)
    )
    # Two buffers, used alternately. One spare tile keeps the distance of planes from being a
    # multiple of 4096 bytes, which would make them compete for the same cache lines.
    size = (tiles + 1) * max(in_channels, out_channels)
    first_buffer, second_buffer = x.new_zeros(37 * size), x.new_zeros(36 * size)
    gathered = _view_front(first_buffer, 36, tiles + 1, in_channels)
    inputs = _view_front(second_buffer, 36, tiles + 1, in_channels)
    products = _view_front(first_buffer, 37, tiles + 1, out_channels)
    outputs = _view_front(second_buffer, 16, tiles + 1, out_channels)
    input_transform = _kronecker_square(_INPUT, x.dtype)
    output_transform = _kronecker_square(_OUTPUT, x.dtype)
    output_transform = torch.cat([output_transform, torch.ones_like(output_transform[:, :1])], 1)

    for source, target in zip(image, result, strict=True):
        for top in range(0, height, rows * TILE):
            first, last = max(top - 1, 0), min(top + rows * TILE + 1, height)
            start = first - top + 1
            stop = start + last - first
            padded[:start] = 0
            padded[start:stop, 1 : width + 1] = source[first:last]
            padded[stop:] = 0
            gathered[:, :tiles].view(6, 6, rows, across, in_channels).copy_(windows)
            torch.mm(input_transform, gathered.flatten(1), out=inputs.flatten(1))
            torch.bmm(inputs, weights, out=products[:36])
            products[36] = 0 if bias is None else bias
            torch.mm(output_transform, products.flatten(1), out=outputs.flatten(1))
            tile_pixels = outputs[:, :tiles].view(TILE, TILE, rows, across, out_channels)
            _scatter(tile_pixels, target[top : top + rows * TILE], relu=relu)
    return result.permute(0, 3, 1, 2)


def _kronecker_square(transform: Sequence[Sequence[float]], dtype: torch.dtype) -> Tensor:
    """Return the Kronecker square of a 1-D transform, which is the 2-D transform."""
    matrix = torch.tensor(transform, dtype=torch.float64)
    return torch.kron(matrix, matrix).to(dtype)


def _view_front(buffer: Tensor, *shape: int) -> Tensor:
    """Return a view of the front of a buffer."""
    return buffer[: math.prod(shape)].view(shape)


def _scatter(outputs: Tensor, target: Tensor, *, relu: bool) -> None:
    """Copy 4×4×rows×across×C tile pixels to their positions in ``target``, H×W×C."""
    for i in range(TILE):
        for j in range(TILE):
            pixels = target[i::TILE, j::TILE]
            values = outputs[i, j, : pixels.shape[0], : pixels.shape[1]]
            if relu:
                torch.clamp(as_integers(values), min=0, out=as_integers(pixels))
            else:
                pixels.copy_(values)
