"""``relu4_4:37``: one channel of a layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import NetworkSpec
from puppyslug.objectives.term import LAYER_PATTERN, MapRegion, Term, register_term

if TYPE_CHECKING:
    from torch import Tensor

CHANNEL_PATTERN = rf"{LAYER_PATTERN}\s*:\s*\d{{1,9}}"


@register_term
@dataclass(frozen=True)
class ChannelTerm(Term):
    """The mean activation of one channel (TensorFlow's DeepDream tutorial).

    Attributes:
        channel: index of the channel, from 0.
    """

    pattern = CHANNEL_PATTERN
    example = "relu4_4:37"

    channel: int

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:  # noqa: ARG003
        """See ``Term.parse``."""
        layer, _, channel = text.rpartition(":")
        return cls(layer.strip(), int(channel))

    def __str__(self) -> str:
        return f"{self.layer}:{self.channel}"

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        response = region.activation[:, self.channel].float().sum((1, 2))
        return response / (region.map_size[0] * region.map_size[1])

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        channels = spec.layer(self.layer).channels
        if not 0 <= self.channel < channels:
            raise ObjectiveError(
                f"{self.layer} of {spec.name} has no channel {self.channel}; "
                f"its {channels} channels are 0 to {channels - 1}"
            )
