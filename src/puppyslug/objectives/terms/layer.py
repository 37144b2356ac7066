"""``relu4_4``: whatever a layer responds to."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from puppyslug.labels import FindLabel
from puppyslug.objectives.term import LAYER_PATTERN, MapRegion, Term, register_term

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

EMPHASIS = 2.5  # standard deviation of the logarithm of a channel's weight, at full strength
_STREAM = 2  # of a seed's random numbers


@register_term
@dataclass(frozen=True)
class LayerTerm(Term):
    """Half the mean square of a layer's activation (google/deepdream, ``dream.ipynb``, 2015).

    Its gradient at the layer is the activation itself.

    Attributes:
        emphasis: seed and strength of random weights of the channels, by which their squares are
            multiplied; None for equal weights.
    """

    pattern = LAYER_PATTERN
    example = "relu4_4"

    emphasis: tuple[int, float] | None = None

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:  # noqa: ARG003
        """See ``Term.parse``."""
        return cls(text)

    def __str__(self) -> str:
        return self.layer

    def vary(self, seed: int, strength: float) -> Self:
        """See ``Term.vary``: some channels weigh more than others."""
        return replace(self, emphasis=(seed, strength))

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        channels = region.activation.shape[1]
        squares = region.activation.float().square()
        if self.emphasis is not None:
            weights = squares.new_tensor(_channel_weights(channels, *self.emphasis))
            squares = squares * weights.reshape(1, -1, 1, 1)
        squares = squares.sum((1, 2, 3))
        return 0.5 * squares / (channels * region.map_size[0] * region.map_size[1])


def _channel_weights(channels: int, seed: int, strength: float) -> "np.ndarray[Any, Any]":
    """Draw the weights of a layer's channels, log-normal."""
    import numpy as np

    generator = np.random.default_rng((seed, 0, _STREAM))
    weights: np.ndarray[Any, Any] = np.exp(
        EMPHASIS * strength * generator.standard_normal(channels)
    )
    return weights
