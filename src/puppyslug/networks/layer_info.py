"""What a layer of a loaded network looks like from outside."""

from dataclasses import dataclass

from puppyslug.images.sizes import Size
from puppyslug.networks.specs import LayerSpec
from puppyslug.networks.specs.layer_geometry import GLOBAL_STRIDE


@dataclass(frozen=True)
class LayerInfo:
    """A layer of a network.

    Attributes:
        name: the name that objectives use.
        channels: number of channels.
        stride: pixels of the image between two positions; None for a layer with a single position.
        receptive_field: side in pixels of what a position sees; None if it is unknown or the whole
            image.
        min_size: side in pixels of the smallest image for which the layer has an output.
    """

    name: str
    channels: int
    stride: int | None
    receptive_field: int | None
    min_size: int
    _spec: LayerSpec

    @classmethod
    def from_spec(cls, spec: LayerSpec) -> "LayerInfo":
        """Describe a layer, with None in place of what is unknown."""
        is_global = spec.stride >= GLOBAL_STRIDE
        field = spec.geometry.receptive_field
        return cls(
            spec.name,
            spec.channels,
            None if is_global else spec.stride,
            field if 0 < field < GLOBAL_STRIDE else None,
            spec.min_size,
            spec,
        )

    def shape(self, size: Size) -> tuple[int, int, int]:
        """Return (channels, rows, columns) of the activation of an image of (height, width)."""
        return (self.channels, *self._spec.output_size(size))

    def __repr__(self) -> str:
        parts = [f"{self.channels} channels", f"stride {self.stride or 'global'}"]
        if self.receptive_field is not None:
            parts.append(f"receptive field {self.receptive_field}")
        return f"<Layer {self.name}: {', '.join(parts)}>"
