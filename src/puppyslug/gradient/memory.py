"""The memory plan: the whole picture at once, or tiles, and how large. It needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from puppyslug.errors import RecipeError
from puppyslug.gradient.tiles import halo_of
from puppyslug.images.sizes import Size
from puppyslug.networks import LayerSpec, NetworkSpec

NUMBER_BYTES = {"float32": 4, "bfloat16": 2}
PICTURE_BYTES = 3 * 4  # per pixel
PICTURES = 5  # held at once: photo, dream, its shifted copy, gradient and one in passing
SHAPED_PICTURES = 12  # likewise where the gradient is smoothed, or the view mirrored or scaled
SCORE_BYTES = 8  # per number of a layer that is scored, in float32 and its gradient
SPREAD_TILE = 1024  # pixels, the edge of a tile where other machines look at them, at most
SPREAD_LEAST = 256  # likewise at least; below, surroundings are most of the work
SLACK = 100_000_000  # bytes for transformed strips and whatever else does not grow with the picture


@dataclass(frozen=True)
class MemoryPlan:
    """How the gradient is computed.

    Attributes:
        tile: (height, width) of a tile; None for the whole picture at once.
        grid: how many tiles there are, (down, across).
        needed: bytes that the plan expects to take, beside the program and its weights.
    """

    tile: Size | None
    grid: Size
    needed: int


def plan_memory(
    size: Size,
    spec: NetworkSpec,
    layers: Sequence[LayerSpec],
    precision: str,
    memory: int,
    *,
    shaped: bool = False,
) -> MemoryPlan:
    """Find the fewest tiles, all about as large, that fit into memory.

    Args:
        size: (height, width) of the picture.
        spec: the network, which knows what a pixel takes.
        layers: the layers that are scored.
        precision: what is computed in.
        memory: bytes that may be used, beside the program and its weights.
        shaped: whether steps shape the gradient, which takes room for more pictures.

    Raises:
        RecipeError: not even the smallest tile fits; the message says what would.
    """

    def needed(tile: Size) -> int:
        return memory_needed(size, spec, layers, precision, tile, shaped=shaped)

    if needed(size) <= memory:
        return MemoryPlan(None, (1, 1), needed(size))
    stride = max(layer.stride for layer in layers)
    grids = _grids(size, smallest_tile=4 * stride)
    for grid in grids:
        tile = _tile(size, grid, stride)
        if needed(tile) <= memory:
            return MemoryPlan(tile, grid, needed(tile))
    least = needed(_tile(size, grids[-1], stride))
    raise RecipeError(
        f"{memory / 1e6:.0f} MB of memory are too little for a picture of {size[1]}×{size[0]}; "
        f"it takes at least --memory {-(-least // 1_000_000)}MB, or a smaller --size"
    )


def spread_tile(size: Size, layers: Sequence[LayerSpec], workers: int) -> Size | None:
    """The tiles in which several workers look at a picture together.

    Args:
        size: (height, width) of the picture.
        layers: the layers that are scored.
        workers: how many there are; each gets two tiles or more, where the picture is large enough.

    Returns:
        (height, width) of a tile; None where the picture is too small to be divided.
    """
    stride = max(layer.stride for layer in layers)
    enough = max(2 * workers, -(-size[0] // SPREAD_TILE) * -(-size[1] // SPREAD_TILE))
    tile = None
    for grid in _grids(size, smallest_tile=max(SPREAD_LEAST, 4 * stride)):
        if grid[0] * grid[1] > 1:
            tile = _tile(size, grid, stride)
        if grid[0] * grid[1] >= enough:
            break
    return tile


def memory_needed(
    size: Size,
    spec: NetworkSpec,
    layers: Sequence[LayerSpec],
    precision: str,
    tile: Size | None,
    *,
    shaped: bool = False,
) -> int:
    """How many bytes a dream takes, beside the program and its weights.

    Args:
        size: (height, width) of the picture.
        spec: the network.
        layers: the layers that are scored.
        precision: what is computed in.
        tile: (height, width) of a tile; None for the whole picture at once.
        shaped: as in ``plan_memory``.
    """
    per_pixel = spec.values_per_pixel * NUMBER_BYTES[precision] + SCORE_BYTES * max(
        layer.channels / layer.stride**2 for layer in layers
    )
    pictures = SHAPED_PICTURES if shaped else PICTURES
    around = 2 * halo_of(layers)
    height, width = (
        min(whole, edge + around) if edge < whole else whole
        for whole, edge in zip(size, tile or size, strict=True)
    )
    fixed = pictures * PICTURE_BYTES * size[0] * size[1] + SLACK
    return fixed + round(per_pixel * height * width)


def _grids(size: Size, smallest_tile: int) -> list[Size]:
    """Grids of ever more tiles, always cutting the longer edge of a tile."""
    down = across = 1
    grids: list[Size] = []
    while True:
        height, width = size[0] / down, size[1] / across
        if max(height, width) / 2 < smallest_tile:
            return grids or [(down, across)]
        down, across = (down + 1, across) if height > width else (down, across + 1)
        grids.append((down, across))


def _tile(size: Size, grid: Size, stride: int) -> Size:
    """The size of the tiles of a grid, in whole strides."""
    height, width = (
        -(-edge // (count * stride)) * stride for edge, count in zip(size, grid, strict=True)
    )
    return height, width
