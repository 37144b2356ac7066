"""Convolution by Winograd's minimal filtering, F(4×4, 3×3).

A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, 2015, arXiv:1509.09308: a tile
of 4×4 outputs takes 36 products instead of 144. The points of interpolation are 0, ±√½, ±√2 and ∞
instead of the paper's 0, ±1, ±2 and ∞: rounding to bfloat16 then hurts half as much, because the
numbers in the output transform grow less.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from puppyslug.networks.kernels.sign_bits import integers, pixels

TILE = 4  # output pixels along an edge of a tile; its input has 6
STRIP_BYTES = 5 << 20  # transformed tiles worked on at a time: they stay in the last-level cache

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
    """Transform the weights of a 3×3 convolution, once and for all.

    Args:
        weight: C'×C×3×3 float32.
        dtype: what to compute in afterwards.

    Returns:
        36×C×C'.
    """
    taps = weight.permute(2, 3, 1, 0).flatten(0, 1)
    products = _square(_WEIGHT, torch.float32) @ taps.flatten(1)
    return products.view(36, *taps.shape[1:]).to(dtype)


def winograd(x: Tensor, weights: Tensor, bias: Tensor | None, *, relu: bool = False) -> Tensor:
    """Convolve 3×3 with stride 1 and padding 1, a strip of tile rows at a time.

    Both transforms are one matrix product each, with the Kronecker square of the 1-D transform:
    36×36 numbers for the input, 16×36 for the output and one column more that adds the bias.

    Args:
        x: N×C×H×W, channels_last.
        weights: as ``transform_weights`` gives them, in the type of ``x``.
        bias: C' numbers, or None.
        relu: whether to apply a ReLU.

    Returns:
        N×C'×H×W, channels_last.
    """
    channels_in, channels_out = weights.shape[1:]
    image = pixels(x)
    count, height, width, _ = image.shape
    result = image.new_empty(count, height, width, channels_out)

    across, down = -(-width // TILE), -(-height // TILE)
    row_bytes = 36 * across * max(channels_in, channels_out) * x.element_size()
    rows = -(-down // -(-down * row_bytes // STRIP_BYTES))
    tiles = rows * across

    padded = x.new_zeros(rows * TILE + 2, across * TILE + 2, channels_in)
    row, step, _ = padded.stride()
    windows = padded.as_strided(
        (6, 6, rows, across, channels_in), (row, step, TILE * row, TILE * step, 1)
    )
    # Two buffers in turn. One spare tile keeps planes from lying a multiple of 4096 bytes apart,
    # where they would compete for the same cache lines.
    size = (tiles + 1) * max(channels_in, channels_out)
    one, two = x.new_zeros(37 * size), x.new_zeros(36 * size)
    gathered, inputs = (_start(buffer, 36, tiles + 1, channels_in) for buffer in (one, two))
    products = _start(one, 37, tiles + 1, channels_out)
    outputs = _start(two, 16, tiles + 1, channels_out)
    to_products = _square(_INPUT, x.dtype)
    from_products = _square(_OUTPUT, x.dtype)
    from_products = torch.cat([from_products, torch.ones_like(from_products[:, :1])], 1)

    for source, target in zip(image, result, strict=True):
        for top in range(0, height, rows * TILE):
            first, last = max(top - 1, 0), min(top + rows * TILE + 1, height)
            start = first - top + 1
            stop = start + last - first
            padded[:start] = 0
            padded[start:stop, 1 : width + 1] = source[first:last]
            padded[stop:] = 0
            gathered[:, :tiles].view(6, 6, rows, across, channels_in).copy_(windows)
            torch.mm(to_products, gathered.flatten(1), out=inputs.flatten(1))
            torch.bmm(inputs, weights, out=products[:36])
            products[36] = 0 if bias is None else bias
            torch.mm(from_products, products.flatten(1), out=outputs.flatten(1))
            in_tiles = outputs[:, :tiles].view(TILE, TILE, rows, across, channels_out)
            _scatter(in_tiles, target[top : top + rows * TILE], relu=relu)
    return result.permute(0, 3, 1, 2)


def _square(transform: Sequence[Sequence[float]], dtype: torch.dtype) -> Tensor:
    """The Kronecker square of a 1-D transform, which is the 2-D one."""
    matrix = torch.tensor(transform, dtype=torch.float64)
    return torch.kron(matrix, matrix).to(dtype)


def _start(buffer: Tensor, *shape: int) -> Tensor:
    """The start of a buffer, in this shape."""
    return buffer[: math.prod(shape)].view(shape)


def _scatter(outputs: Tensor, target: Tensor, *, relu: bool) -> None:
    """Write 4×4×rows×across×C tile pixels to their places in ``target``, H×W×C."""
    for i in range(TILE):
        for j in range(TILE):
            place = target[i::TILE, j::TILE]
            values = outputs[i, j, : place.shape[0], : place.shape[1]]
            if relu:
                torch.clamp(integers(values), min=0, out=integers(place))
            else:
                place.copy_(values)
