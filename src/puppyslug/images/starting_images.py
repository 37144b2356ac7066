"""Pictures to start from when there is no photo: noise and clouds.

Both are sums of random lattices, each twice as fine as the one before. A lattice belongs to the
picture and not to its pixels, so the same seed gives the same picture at any size: a larger one
only has finer lattices on top.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

_SKY = (0.17, 0.40, 0.68)  # the blue between clouds, RGB in [0, 1]
_SUNLIT = (0.96, 0.95, 0.93)
_SHADED = (0.50, 0.56, 0.66)


def noise(size: tuple[int, int], seed: int = 0) -> Tensor:
    """Coloured noise with detail at every scale, the start of the article's films.

    Args:
        size: (height, width) in pixels.
        seed: which noise; not negative.

    Returns:
        1×3×height×width float32 RGB in [0, 1], around mid grey, the same picture at any size.
    """
    total = sum(_lattices(size, seed, channels=3, coarsest=4))
    assert isinstance(total, Tensor)
    return (0.5 + 0.06 * total).clamp(0, 1)


def clouds(size: tuple[int, int], seed: int = 0) -> Tensor:
    """A sky of procedural clouds: fractal noise, bent by another, lit from above.

    Args:
        size: (height, width) in pixels.
        seed: which sky; not negative.

    Returns:
        1×3×height×width float32 RGB in [0, 1], the same picture at any size.
    """
    bend = _fractal(size, seed, stream=1, channels=2, coarsest=3)
    density = _fractal(size, seed, stream=2, channels=1, coarsest=3, bend=0.035 * bend)
    above = _fractal(
        size, seed, stream=2, channels=1, coarsest=3, bend=0.035 * bend, shift=(-0.03, -0.015)
    )
    cover = torch.sigmoid(5.0 * (density - 0.1))
    light = torch.sigmoid(1.0 + 4.0 * (density - above) - 0.8 * density)
    height = torch.linspace(0, 1, size[0]).reshape(1, 1, -1, 1)
    sky = _colour(_SKY) * (0.82 + 0.38 * height)
    cloud = torch.lerp(_colour(_SHADED), _colour(_SUNLIT), light)
    return torch.lerp(sky, cloud, cover).clamp(0, 1)


def _colour(rgb: tuple[float, float, float]) -> Tensor:
    return torch.tensor(rgb).reshape(1, 3, 1, 1)


def _fractal(
    size: tuple[int, int],
    seed: int,
    *,
    stream: int,
    channels: int,
    coarsest: int,
    bend: Tensor | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Tensor:
    """Fractal noise, 1×channels×H×W: each finer lattice counts 0.56 times the one before."""
    lattices = _lattices(
        size, seed, stream=stream, channels=channels, coarsest=coarsest, bend=bend, shift=shift
    )
    total = sum(0.56**level * lattice for level, lattice in enumerate(lattices))
    assert isinstance(total, Tensor)
    return total


def _lattices(
    size: tuple[int, int],
    seed: int,
    *,
    channels: int,
    coarsest: int,
    stream: int = 0,
    bend: Tensor | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Iterator[Tensor]:
    """Random lattices at the size asked for, coarsest first, as 1×channels×H×W of unit variance.

    Positions are in units of the longest edge. ``bend`` (1×2×H×W) and ``shift`` move them.
    Lattices stop where a cell would be smaller than a pixel.
    """
    longest = max(size)
    down = (torch.arange(size[0]) + 0.5) / longest + shift[0]
    right = (torch.arange(size[1]) + 0.5) / longest + shift[1]
    if bend is not None:
        bend = bend.permute(0, 2, 3, 1)
    level = 0
    while (cells := coarsest << level) <= max(longest, coarsest):
        # Two cells of margin on each side for bent positions. Rows are drawn one after the other,
        # so a picture with more rows shares the first ones.
        columns = cells + 5
        rows = int(np.ceil(size[0] / longest * cells)) + 5
        generator = np.random.default_rng((seed, stream, level))
        values = generator.standard_normal((rows, columns, channels), dtype=np.float32)
        lattice = torch.from_numpy(values).permute(2, 0, 1)[None]
        # grid_sample takes x, y in [-1, 1] from the first lattice point to the last
        y = (down * cells + 2) / (rows - 1) * 2 - 1
        x = (right * cells + 2) / (columns - 1) * 2 - 1
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[None]
        if bend is not None:
            grid = grid + bend * torch.tensor([2 * cells / (columns - 1), 2 * cells / (rows - 1)])
        yield grid_sample(
            lattice, grid, mode="bicubic", padding_mode="reflection", align_corners=True
        )
        level += 1
