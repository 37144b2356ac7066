"""``relu4_4``: whatever a layer responds to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from puppyslug.labels import FindLabel
from puppyslug.objectives.term import LAYER_PATTERN, MapRegion, Term, register_term

if TYPE_CHECKING:
    from torch import Tensor


@register_term
@dataclass(frozen=True)
class LayerTerm(Term):
    """Half the mean square of a layer's activation (google/deepdream, ``dream.ipynb``, 2015).

    Its gradient at the layer is the activation itself.
    """

    pattern = LAYER_PATTERN
    example = "relu4_4"

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:  # noqa: ARG003
        """See ``Term.parse``."""
        return cls(text)

    def __str__(self) -> str:
        return self.layer

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        channels = region.activation.shape[1]
        squares = region.activation.float().square().sum((1, 2, 3))
        return 0.5 * squares / (channels * region.map_size[0] * region.map_size[1])
