"""The memory plan: the size of the tiles that fit into memory. Nothing here imports torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from puppyslug.errors import RecipeError, option
from puppyslug.gradient.tiles import halo_size
from puppyslug.images.sizes import Size, display_size
from puppyslug.networks import LayerSpec, NetworkSpec
from puppyslug.networks.kernels.method import TILE_ALIGNMENT

BYTES_PER_VALUE = {"float32": 4, "bfloat16": 2}
IMAGE_BYTES_PER_PIXEL = 3 * 4
IMAGES = 5  # held at the same time: photo, dream, shifted copy, gradient and a temporary one
IMAGES_WITH_PROCESSING = 12  # likewise if the gradient is smoothed, or the view mirrored or scaled
SCORE_BYTES_PER_VALUE = 8  # of a scored layer, in float32 with its gradient
MAX_WORKER_TILE = 1024  # pixels, largest side of a tile that a worker of a cluster computes
MIN_WORKER_TILE = 256  # pixels, smallest one; halos dominate the work of smaller tiles
OVERHEAD_BYTES = 100_000_000  # buffers whose size does not depend on the image


@dataclass(frozen=True)
class MemoryPlan:
    """How the gradient is computed.

    Attributes:
        tile: (height, width) of a tile; None for no tiling.
        grid: number of tiles, (down, across).
        required: estimated bytes in addition to the program and the weights.
    """

    tile: Size | None
    grid: Size
    required: int


def plan_memory(
    size: Size,
    spec: NetworkSpec,
    layers: Sequence[LayerSpec],
    precision: str,
    memory: int,
    *,
    processed: bool = False,
) -> MemoryPlan:
    """Find the smallest number of equal tiles that fits into memory.

    Args:
        size: (height, width) of the image.
        spec: the network.
        layers: the layers that are scored.
        precision: resolved precision.
        memory: available bytes in addition to the program and the weights.
        processed: whether steps process the gradient, which needs memory for more images.

    Raises:
        RecipeError: not even the smallest tile fits; the message tells the memory that would do.
    """

    def required(tile: Size) -> int:
        return estimate_memory(size, spec, layers, precision, tile, processed=processed)

    if required(size) <= memory:
        return MemoryPlan(None, (1, 1), required(size))
    stride = max(layer.stride for layer in layers)
    grids = _grids(size, min_tile=4 * stride)
    for grid in grids:
        tile = _tile_of_grid(size, grid, stride)
        if required(tile) <= memory:
            return MemoryPlan(tile, grid, required(tile))
    least = required(_tile_of_grid(size, grids[-1], stride))
    needed = f"{-(-least // 1_000_000)}MB"
    raise RecipeError(
        f"an image of {display_size(size)} needs at least {needed} of memory, more than the "
        f"{memory / 1e6:.0f} MB that may be used; use {option('memory', needed)} or more, or a "
        f"smaller {option('size')}"
    )


def plan_worker_tiles(size: Size, layers: Sequence[LayerSpec], workers: int) -> Size | None:
    """Choose the tiles in which the workers of a cluster compute one image together.

    Args:
        size: (height, width) of the image.
        layers: the layers that are scored.
        workers: number of workers; each gets at least two tiles if the image is large enough.

    Returns:
        (height, width) of a tile; None if the image is too small to be divided.
    """
    stride = max(layer.stride for layer in layers)
    enough = max(2 * workers, -(-size[0] // MAX_WORKER_TILE) * -(-size[1] // MAX_WORKER_TILE))
    tile = None
    for grid in _grids(size, min_tile=max(MIN_WORKER_TILE, 4 * stride)):
        if grid[0] * grid[1] > 1:
            tile = _tile_of_grid(size, grid, stride)
        if grid[0] * grid[1] >= enough:
            break
    return tile


def estimate_memory(
    size: Size,
    spec: NetworkSpec,
    layers: Sequence[LayerSpec],
    precision: str,
    tile: Size | None,
    *,
    processed: bool = False,
) -> int:
    """Estimate the bytes that a dream needs in addition to the program and the weights.

    Args:
        size: (height, width) of the image.
        spec: the network.
        layers: the layers that are scored.
        precision: resolved precision.
        tile: (height, width) of a tile; None for no tiling.
        processed: as in ``plan_memory``.
    """
    per_pixel = spec.values_per_pixel * BYTES_PER_VALUE[precision] + SCORE_BYTES_PER_VALUE * max(
        layer.channels / layer.stride**2 for layer in layers
    )
    images = IMAGES_WITH_PROCESSING if processed else IMAGES
    stride = max(layer.stride for layer in layers)
    halos = 2 * halo_size(layers) + (TILE_ALIGNMENT - 1) * stride
    height, width = (
        min(length, side + halos) if side < length else length
        for length, side in zip(size, tile or size, strict=True)
    )
    constant = images * IMAGE_BYTES_PER_PIXEL * size[0] * size[1] + OVERHEAD_BYTES
    return constant + round(per_pixel * height * width)


def _grids(size: Size, min_tile: int) -> list[Size]:
    """List grids of more and more tiles, dividing the longer side of a tile each time."""
    down = across = 1
    grids: list[Size] = []
    while True:
        height, width = size[0] / down, size[1] / across
        if max(height, width) / 2 < min_tile:
            return grids or [(down, across)]
        down, across = (down + 1, across) if height > width else (down, across + 1)
        grids.append((down, across))


def _tile_of_grid(size: Size, grid: Size, stride: int) -> Size:
    """Compute the tile size of a grid, in multiples of the stride."""
    height, width = (
        -(-length // (count * stride)) * stride for length, count in zip(size, grid, strict=True)
    )
    return height, width
