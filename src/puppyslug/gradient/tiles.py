"""Tiles: rectangles that divide a picture, and what has to be seen around each for exactness.

A tile owns the positions of every layer that lie in it. Its crop reaches far enough around it that
those positions see the same pixels as in the whole picture: scores add up, gradients overlap-add.
Nothing here imports torch.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from puppyslug.images.sizes import Size
from puppyslug.networks import LayerSpec


class Span(NamedTuple):
    """One edge of a tile: where it and its crop begin and end, in pixels."""

    first: int
    last: int
    crop_first: int
    crop_last: int


class Tile(NamedTuple):
    """A rectangle of a picture: its rows and its columns."""

    rows: Span
    columns: Span

    @property
    def crop(self) -> tuple[slice, slice]:
        """The rows and columns of the picture to look at."""
        rows, columns = self.rows, self.columns
        return (
            slice(rows.crop_first, rows.crop_last),
            slice(columns.crop_first, columns.crop_last),
        )


def tiles(size: Size, tile: Size, layers: Sequence[LayerSpec]) -> Iterator[Tile]:
    """Divide a picture.

    Args:
        size: (height, width) of the picture.
        tile: (height, width) of a tile; rounded up to whole strides of the deepest layer.
        layers: the layers whose positions are to come out as in the whole picture.

    Yields:
        Tiles, row by row.
    """
    stride = max(layer.stride for layer in layers)
    halo = max(layer.reach for layer in layers)
    columns = list(_spans(size[1], tile[1], stride, halo))
    for rows in _spans(size[0], tile[0], stride, halo):
        for span in columns:
            yield Tile(rows, span)


def halo_of(layers: Sequence[LayerSpec]) -> int:
    """How many pixels a tile's crop reaches beyond it to each side, in whole strides."""
    stride = max(layer.stride for layer in layers)
    return -(-max(layer.reach for layer in layers) // stride) * stride


def _spans(length: int, edge: int, stride: int, halo: int) -> Iterator[Span]:
    """Divide one edge of a picture.

    A crop begins at a whole stride, and is as long as the picture modulo the stride: so pooling
    falls on the same pixels, and padding that depends on a length being odd comes out alike.
    """
    edge = max(stride, -(-edge // stride) * stride)
    for first in range(0, max(1, length - length % stride), edge):
        last = min(first + edge, length)
        if length - last < stride:  # what is left would not fill a position
            last = length
        crop_first = max(0, (first - halo) // stride * stride)
        crop_last = last + halo
        crop_last = min(length, crop_last + (length - crop_last) % stride)
        yield Span(first, last, crop_first, crop_last)
        if last == length:
            return
