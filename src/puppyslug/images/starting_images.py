"""Procedural images that a dream without a photo starts from: noise and clouds.

Both are sums of random lattices, each twice as fine as the previous one. Lattices are defined in
units of the image, not of pixels, so that a seed gives the same picture at any size; a larger image
only gains finer lattices.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from puppyslug.images.sizes import Size

_SKY_COLOUR = (0.17, 0.40, 0.68)  # RGB in [0, 1]
_LIT_COLOUR = (0.96, 0.95, 0.93)  # of the sunlit side of clouds
_SHADE_COLOUR = (0.50, 0.56, 0.66)
_PERSISTENCE = 0.56  # amplitude of a lattice relative to the next coarser one
_PATTERN_STREAM = 3


def generate_noise(size: Size, seed: int = 0) -> Tensor:
    """Generate coloured noise with detail at every scale, from which the article's films start.

    Args:
        size: (height, width) in pixels.
        seed: random seed; not negative.

    Returns:
        1×3×height×width float32 RGB in [0, 1], around mid grey; the same picture at any size.
    """
    total = sum(_lattices(size, seed, channels=3, coarsest=4))
    assert isinstance(total, Tensor)
    return (0.5 + 0.06 * total).clamp(0, 1)


def generate_clouds(size: Size, seed: int = 0) -> Tensor:
    """Generate a sky with clouds: fractal noise, distorted by another, lit from above.

    Args:
        size: (height, width) in pixels.
        seed: random seed; not negative.

    Returns:
        1×3×height×width float32 RGB in [0, 1]; the same picture at any size.
    """
    warp = _fractal_noise(size, seed, stream=1, channels=2)
    density = _fractal_noise(size, seed, stream=2, channels=1, warp=0.035 * warp)
    density_above = _fractal_noise(
        size, seed, stream=2, channels=1, warp=0.035 * warp, shift=(-0.03, -0.015)
    )
    cover = torch.sigmoid(5.0 * (density - 0.1))
    light = torch.sigmoid(1.0 + 4.0 * (density - density_above) - 0.8 * density)
    height = torch.linspace(0, 1, size[0]).reshape(1, 1, -1, 1)
    sky = _to_tensor(_SKY_COLOUR) * (0.82 + 0.38 * height)
    cloud = torch.lerp(_to_tensor(_SHADE_COLOUR), _to_tensor(_LIT_COLOUR), light)
    return torch.lerp(sky, cloud, cover).clamp(0, 1)


def _to_tensor(colour: tuple[float, float, float]) -> Tensor:
    return torch.tensor(colour).reshape(1, 3, 1, 1)


def generate_pattern(size: Size, seed: int) -> Tensor:
    """Generate smooth random blotches, about five along the longest side.

    Args:
        size: (height, width) in pixels.
        seed: random seed.

    Returns:
        1×3×H×W with a standard deviation of about 1 and a mean of about 0.
    """
    lattices = _lattices(size, seed, stream=_PATTERN_STREAM, channels=3, coarsest=5)
    return next(lattices)


def _fractal_noise(
    size: Size,
    seed: int,
    *,
    stream: int,
    channels: int,
    warp: Tensor | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Tensor:
    """Sum lattices with decreasing amplitude into 1×channels×H×W."""
    lattices = _lattices(
        size, seed, stream=stream, channels=channels, coarsest=3, warp=warp, shift=shift
    )
    total = sum(_PERSISTENCE**level * lattice for level, lattice in enumerate(lattices))
    assert isinstance(total, Tensor)
    return total


def _lattices(
    size: Size,
    seed: int,
    *,
    channels: int,
    coarsest: int,
    stream: int = 0,
    warp: Tensor | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Iterator[Tensor]:
    """Yield random lattices resampled to a size, coarsest first, with unit variance.

    Args:
        size: (height, width) in pixels.
        seed: random seed.
        channels: number of channels.
        coarsest: number of cells along the longest side of the coarsest lattice.
        stream: index of an independent random stream of the seed.
        warp: 1×2×H×W displacement of the sampling positions, in units of the longest side.
        shift: displacement down and right of all positions, in the same units.

    Yields:
        1×channels×H×W; the last lattice has cells of at least one pixel.
    """
    longest = max(size)
    rows_at = (torch.arange(size[0]) + 0.5) / longest + shift[0]
    columns_at = (torch.arange(size[1]) + 0.5) / longest + shift[1]
    if warp is not None:
        warp = warp.permute(0, 2, 3, 1)
    level = 0
    while (cells := coarsest << level) <= max(longest, coarsest):
        # Two cells of margin on each side for warped positions. Rows are drawn one after the other,
        # so an image with more rows shares the first ones.
        columns = cells + 5
        rows = int(np.ceil(size[0] / longest * cells)) + 5
        generator = np.random.default_rng((seed, stream, level))
        values = generator.standard_normal((rows, columns, channels), dtype=np.float32)
        lattice = torch.from_numpy(values).permute(2, 0, 1)[None]
        # grid_sample takes x, y in [-1, 1] from the first lattice point to the last
        y = (rows_at * cells + 2) / (rows - 1) * 2 - 1
        x = (columns_at * cells + 2) / (columns - 1) * 2 - 1
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[None]
        if warp is not None:
            grid = grid + warp * torch.tensor([2 * cells / (columns - 1), 2 * cells / (rows - 1)])
        yield grid_sample(
            lattice, grid, mode="bicubic", padding_mode="reflection", align_corners=True
        )
        level += 1
