"""Layers and their geometry: which pixels of the image each position of a layer depends on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from puppyslug.images.sizes import Size

GLOBAL_STRIDE = 1 << 24  # pixels, more than any image has: one position for the whole image


@dataclass(frozen=True)
class LayerGeometry:
    """Geometry of a layer along one axis of the image; both axes have the same.

    Position i has a cell, the ``stride`` pixels from i · ``stride`` on, and depends on the pixels
    around it.

    Attributes:
        stride: pixels between two neighbouring positions.
        receptive_field: pixels that a position depends on.
        context_before: pixels that it depends on before its cell.
        context_after: pixels that it depends on after its cell; negative where the last pixels of
            the cell do not matter.
        extra: n pixels give ⌊(n + extra) / stride⌋ positions. Kernels, padding and rounding
            change this number and nothing else, because ⌊(⌊(n + a) / s⌋ + b) / t⌋ is
            ⌊(n + a + b·s) / (s·t)⌋.
        min_size: fewest pixels that give a position in this layer and in every layer below.
        window: side in pixels of the only images that the network accepts, 0 if it accepts all.
            Larger images are seen in as many windows as cover them, whose positions lie side by
            side.
    """

    stride: int = 1
    receptive_field: int = 1
    context_before: int = 0
    context_after: int = 0
    extra: int = 0
    min_size: int = 1
    window: int = 0

    def apply_window(
        self, kernel: int, stride: int = 1, *, padding: int | None = None, ceil_mode: bool = False
    ) -> "LayerGeometry":
        """Return the geometry of a convolution or pooling on top of this layer.

        Args:
            kernel: side length of its window, in positions of this layer.
            stride: between windows, in positions of this layer.
            padding: positions added at both ends; None for TensorFlow's "same" padding, which
                gives ⌈n / stride⌉ windows.
            ceil_mode: whether an incomplete last window counts, as in Caffe's pooling.
        """
        unit = self.stride
        before = kernel // 2 if padding is None else padding
        after = kernel // 2 if padding is None else kernel - padding - stride
        gained = stride - 1 if padding is None else 2 * padding - kernel + stride
        gained += stride - 1 if ceil_mode else 0
        extra = self.extra + gained * unit
        return LayerGeometry(
            stride=unit * stride,
            receptive_field=self.receptive_field + (kernel - 1) * unit,
            context_before=self.context_before + before * unit,
            context_after=self.context_after + after * unit,
            extra=extra,
            min_size=max(self.min_size, unit * stride, unit * stride - extra),
        )

    @property
    def positions(self) -> tuple[int, int, int]:
        """What determines the positions; geometries that share it have the same ones."""
        return self.stride, self.extra, self.window

    def output_length(self, length: int) -> int:
        """Return the number of positions for an axis of ``length`` pixels."""
        if self.window:
            return -(-length // self.window) * ((self.window + self.extra) // self.stride)
        return (length + self.extra) // self.stride


def union(geometries: Sequence[LayerGeometry]) -> LayerGeometry:
    """Return the geometry of several branches with the same positions, concatenated.

    Raises:
        ValueError: their positions differ.
    """
    first = geometries[0]
    if any(one.positions != first.positions for one in geometries):
        raise ValueError("branches with different positions cannot be concatenated")
    return replace(
        first,
        receptive_field=max(one.receptive_field for one in geometries),
        context_before=max(one.context_before for one in geometries),
        context_after=max(one.context_after for one in geometries),
        min_size=max(one.min_size for one in geometries),
    )


@dataclass(frozen=True)
class LayerSpec:
    """One named layer.

    Attributes:
        name: from the literature, such as ``relu4_4``.
        channels: number of channels.
        geometry: which pixels its positions depend on.
    """

    name: str
    channels: int
    geometry: LayerGeometry

    @property
    def stride(self) -> int:
        """Pixels of the image between two neighbouring positions."""
        return self.geometry.stride

    @property
    def receptive_field(self) -> int:
        """Side length, in pixels, of the square that one position depends on."""
        return self.geometry.receptive_field

    @property
    def context(self) -> int:
        """Pixels beyond its own cell that a position may depend on, to any side."""
        return max(self.geometry.context_before, self.geometry.context_after, 0)

    @property
    def min_size(self) -> int:
        """Shortest side, in pixels, of an image for which the layer has a position."""
        return self.geometry.min_size

    def output_size(self, size: Size) -> Size:
        """Return the layer's (rows, columns) for an image of (height, width)."""
        return self.geometry.output_length(size[0]), self.geometry.output_length(size[1])


class LayerTable:
    """Collects a network's layers, lowest first, and computes their geometry.

    Attributes:
        layers: the layers so far.
        top: geometry of the last of them; that of the image at first.
    """

    def __init__(self) -> None:
        self.layers: list[LayerSpec] = []
        self.top = LayerGeometry()

    def add(
        self,
        name: str,
        channels: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        padding: int | None = None,
        ceil_mode: bool = False,
    ) -> None:
        """Add a convolution or pooling on top; see ``LayerGeometry.apply_window``.

        Args:
            name: of the layer.
            channels: of its output.
            kernel: side length of its window, in positions of the layer below.
            stride: between windows, in positions of the layer below.
            padding: at both ends, in positions of the layer below; None for "same" padding.
            ceil_mode: whether an incomplete last window counts.
        """
        geometry = self.top.apply_window(kernel, stride, padding=padding, ceil_mode=ceil_mode)
        self.append(name, channels, geometry)

    def append(self, name: str, channels: int, geometry: LayerGeometry) -> None:
        """Add a layer of known geometry on top, such as the output of several branches."""
        self.top = geometry
        self.layers.append(LayerSpec(name, channels, geometry))
