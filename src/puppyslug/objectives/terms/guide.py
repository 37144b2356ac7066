"""Be like another picture: the notebook's guided objective."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.objectives.term import Part, Term

if TYPE_CHECKING:
    from torch import Tensor

_NUMBERS_AT_ONCE = 8_000_000  # of the table of matches, so that its memory stays bounded


@dataclass(frozen=True)
class GuideTerm(Term):
    """The mean, over positions, of the best match among the guide's features.

    At every position, the feature of the guide with the largest dot product is sought, and that
    product is the score; the gradient at the layer is the guide's feature itself
    (google/deepdream, ``dream.ipynb``, "Controlling dreams"). Divided by the number of channels,
    so that it compares with a layer's mean square.

    Attributes:
        name: the guide's file name; what it holds is bound to the term before it is scored.
        features: C×M, the layer's activation of the guide; None until it is bound.
    """

    name: str
    features: "Tensor | None" = field(default=None, compare=False, repr=False)

    def bound(self, features: Mapping["GuideTerm", "Tensor"]) -> "GuideTerm":
        """See ``Term.bound``."""
        return replace(self, features=features[self])

    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        if self.features is None:
            raise ObjectiveError(f"the picture of {self} is missing; give it along as a guide")
        guide = self.features.to(part.activation.dtype)
        positions = part.activation.flatten(2)
        at_once = max(1, _NUMBERS_AT_ONCE // guide.shape[1])
        score = positions.new_zeros(positions.shape[0]).float()
        for first in range(0, positions.shape[2], at_once):
            some = positions[:, :, first : first + at_once]
            best = (some.detach().transpose(1, 2) @ guide).argmax(2)
            matches = guide[:, best].transpose(0, 1)
            score = score + (some.float() * matches.float()).sum((1, 2))
        return score / (part.activation.shape[1] * part.whole[0] * part.whole[1])

    def __str__(self) -> str:
        return f"guide({json.dumps(self.name)}, {self.layer})"
