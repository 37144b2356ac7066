"""Division of an image into tiles, each with the halo that makes its result exact.

A tile owns the positions of every layer that lie in it. Its crop extends far enough beyond it that
those positions depend on the same pixels as in the undivided image. So the scores of all tiles add
up to the image's score, and the overlapping gradients of the crops to its gradient. Nothing here
imports torch.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from puppyslug.images.sizes import Size
from puppyslug.networks import LayerSpec
from puppyslug.networks.specs import GLOBAL_STRIDE


class TileSpan(NamedTuple):
    """The extent of a tile and of its crop along one axis, in pixels; stops are exclusive."""

    start: int
    stop: int
    crop_start: int
    crop_stop: int


class Tile(NamedTuple):
    """A rectangle of an image: the spans of its rows and columns."""

    rows: TileSpan
    columns: TileSpan

    @property
    def crop(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the tile's result depends on."""
        rows, columns = self.rows, self.columns
        return (
            slice(rows.crop_start, rows.crop_stop),
            slice(columns.crop_start, columns.crop_stop),
        )

    @property
    def crop_area(self) -> int:
        """Number of pixels of the crop."""
        rows, columns = self.rows, self.columns
        return (rows.crop_stop - rows.crop_start) * (columns.crop_stop - columns.crop_start)


def split_into_tiles(
    size: Size, tile: Size, layers: Sequence[LayerSpec], *, alignment: int = 1
) -> Iterator[Tile]:
    """Divide an image into tiles.

    Args:
        size: (height, width) of the image.
        tile: (height, width) of a tile; rounded up to multiples of the deepest layer's stride.
        layers: the layers whose activations must equal those of the undivided image.
        alignment: number of positions of the deepest layer of which the start of a crop is a
            multiple, as in ``Network.tile_alignment``.

    Yields:
        The tiles, row by row.
    """
    stride = max(layer.stride for layer in layers)
    context = max(layer.context for layer in layers)
    if context >= GLOBAL_STRIDE:  # every crop would be the whole image
        tile = size
    columns = list(_split_axis(size[1], tile[1], stride, context, alignment))
    for rows in _split_axis(size[0], tile[0], stride, context, alignment):
        for span in columns:
            yield Tile(rows, span)


def halo_size(layers: Sequence[LayerSpec]) -> int:
    """Return how far a crop extends beyond its tile on each side, in pixels."""
    stride = max(layer.stride for layer in layers)
    return -(-max(layer.context for layer in layers) // stride) * stride


def _split_axis(
    length: int, side: int, stride: int, context: int, alignment: int
) -> Iterator[TileSpan]:
    """Divide one axis of an image.

    A crop starts at a multiple of the stride, and its length equals the image's modulo the stride.
    So pooling windows cover the same pixels, and padding that depends on odd lengths is the same.
    ``alignment`` multiplies the stride at the start, for the tiles of Winograd's method.
    """
    side = max(stride, -(-side // stride) * stride)
    for start in range(0, max(1, length - length % stride), side):
        stop = min(start + side, length)
        if length - stop < stride:  # the rest is too short for a position of its own
            stop = length
        crop_start = max(0, (start - context) // (alignment * stride) * alignment * stride)
        crop_stop = stop + context
        crop_stop = min(length, crop_stop + (length - crop_stop) % stride)
        yield TileSpan(start, stop, crop_start, crop_stop)
        if stop == length:
            return
