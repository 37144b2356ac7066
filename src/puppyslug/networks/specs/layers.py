"""The arithmetic of layers: how positions of a layer and pixels of a picture lie on one another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from puppyslug.images.sizes import Size

WHOLE = 1 << 24  # pixels, more than any picture has: the stride of one position for all of it


@dataclass(frozen=True)
class Extent:
    """What the positions of a layer see along an edge of the picture; both edges are alike.

    Position i has a cell, the pixels from i · ``stride`` on, and sees what is near it.

    Attributes:
        stride: pixels between two neighbouring positions.
        receptive_field: pixels that a position sees.
        before: pixels that it sees before its cell.
        behind: pixels that it sees behind its cell; negative where it does not see all of it.
        extra: n pixels hold ⌊(n + extra) / stride⌋ positions. Windows, padding and rounding
            change this number and nothing else, because ⌊(⌊(n + a) / s⌋ + b) / t⌋ is
            ⌊(n + a + b·s) / (s·t)⌋.
        smallest: fewest pixels that every layer down to the picture has a position for.
    """

    stride: int = 1
    receptive_field: int = 1
    before: int = 0
    behind: int = 0
    extra: int = 0
    smallest: int = 1

    def window(
        self, kernel: int, stride: int = 1, *, padding: int | None = None, rounds_up: bool = False
    ) -> "Extent":
        """What is seen through one more layer of windows.

        Args:
            kernel: edge of its window, in positions of the layer below.
            stride: between windows, in positions of the layer below.
            padding: positions added at both ends; None for as many as TensorFlow's "same" padding
                takes, so that there are ⌈n / stride⌉ windows.
            rounds_up: whether a last window that is not full counts (Caffe's pooling).
        """
        below = self.stride
        ahead = kernel // 2 if padding is None else padding
        after = kernel // 2 if padding is None else kernel - padding - stride
        more = stride - 1 if padding is None else 2 * padding - kernel + stride
        more += stride - 1 if rounds_up else 0
        extra = self.extra + more * below
        return Extent(
            stride=below * stride,
            receptive_field=self.receptive_field + (kernel - 1) * below,
            before=self.before + ahead * below,
            behind=self.behind + after * below,
            extra=extra,
            smallest=max(self.smallest, below * stride, below * stride - extra),
        )

    def positions(self, length: int) -> int:
        """How many positions an edge of so many pixels has."""
        return (length + self.extra) // self.stride


def union(extents: Sequence[Extent]) -> Extent:
    """What layers that lie on one another see together.

    Raises:
        ValueError: their positions are not the same.
    """
    first = extents[0]
    if any((one.stride, one.extra) != (first.stride, first.extra) for one in extents):
        raise ValueError("these layers have different positions")
    return replace(
        first,
        receptive_field=max(one.receptive_field for one in extents),
        before=max(one.before for one in extents),
        behind=max(one.behind for one in extents),
        smallest=max(one.smallest for one in extents),
    )


@dataclass(frozen=True)
class LayerSpec:
    """One named layer.

    Attributes:
        name: the literature's name, such as ``relu4_4``.
        channels: how many channels it has.
        extent: where its positions lie, and what they see.
    """

    name: str
    channels: int
    extent: Extent

    @property
    def stride(self) -> int:
        """Pixels of the picture between two neighbouring positions."""
        return self.extent.stride

    @property
    def receptive_field(self) -> int:
        """Edge, in pixels, of the square that one position sees."""
        return self.extent.receptive_field

    @property
    def reach(self) -> int:
        """Pixels that a position may see beyond its own cell of stride×stride, to any side."""
        return max(self.extent.before, self.extent.behind, 0)

    @property
    def smallest(self) -> int:
        """Shortest edge, in pixels, of a picture that fills one position."""
        return self.extent.smallest

    def positions(self, size: Size) -> Size:
        """How many positions, (rows, columns), the layer has on a picture of this size."""
        return self.extent.positions(size[0]), self.extent.positions(size[1])


class LayerTable:
    """Collects layers from the picture upwards and keeps their arithmetic."""

    def __init__(self) -> None:
        self.layers: list[LayerSpec] = []
        self.top = Extent()

    def add(
        self,
        name: str,
        channels: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        padding: int | None = None,
        rounds_up: bool = False,
    ) -> None:
        """Put a layer of windows on top; see ``Extent.window``.

        Args:
            name: the layer's name.
            channels: of its output.
            kernel: edge of its window, in positions of the layer below.
            stride: between windows, likewise.
            padding: at both ends, likewise; None for TensorFlow's "same" padding.
            rounds_up: whether a last window that is not full counts.
        """
        extent = self.top.window(kernel, stride, padding=padding, rounds_up=rounds_up)
        self.put(name, channels, extent)

    def put(self, name: str, channels: int, extent: Extent) -> None:
        """Put a layer on top whose extent is known, such as that of several branches."""
        self.top = extent
        self.layers.append(LayerSpec(name, channels, extent))
