"""``relu4_4:37@12,40``: one channel at one position."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import NetworkSpec
from puppyslug.objectives.term import MapRegion, register_term
from puppyslug.objectives.terms.channel import CHANNEL_PATTERN, ChannelTerm

if TYPE_CHECKING:
    from torch import Tensor


@register_term
@dataclass(frozen=True)
class NeuronTerm(ChannelTerm):
    """The activation of one channel at one position.

    Attributes:
        position: (row, column) in the layer's map of the image at its final size, from 0; None for
            the centre.
    """

    pattern = rf"{CHANNEL_PATTERN}\s*@\s*(?:c\b|\d{{1,9}}\s*,\s*\d{{1,9}})"
    example = "relu4_4:37@12,40"
    has_position = True

    position: Size | None = None

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:
        """See ``Term.parse``."""
        channel, _, place = text.rpartition("@")
        base = ChannelTerm.parse(channel, find_label)
        if place.strip() == "c":
            return cls(base.layer, base.channel)
        row, column = map(int, place.split(","))
        return cls(base.layer, base.channel, (row, column))

    def __str__(self) -> str:
        place = "c" if self.position is None else f"{self.position[0]},{self.position[1]}"
        return f"{super().__str__()}@{place}"

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``; a region without the position scores 0."""
        row, column = self.position or (region.map_size[0] // 2, region.map_size[1] // 2)
        row, column = row - region.top, column - region.left
        values = region.activation[:, self.channel].float()
        if not (0 <= row < values.shape[1] and 0 <= column < values.shape[2]):
            return 0 * values.sum((1, 2))
        return values[:, row, column]

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        rows, columns = spec.layer(self.layer).output_size(size)
        if self.position and not (0 <= self.position[0] < rows and 0 <= self.position[1] < columns):
            raise ObjectiveError(
                f"{self} is outside {self.layer}, which has {rows} rows and {columns} columns for "
                f"an image of {size[1]}×{size[0]}"
            )

    def scale_position(self, from_size: Size, to_size: Size) -> Self:
        """See ``Term.scale_position``."""
        if self.position is None:
            return self
        row, column = self.position
        position = (row * to_size[0] // from_size[0], column * to_size[1] // from_size[1])
        return replace(self, position=position)
