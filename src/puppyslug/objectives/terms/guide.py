"""``guide("flowers.jpg", relu4_1)``: the features of another image."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from puppyslug.errors import ImageError, ObjectiveError
from puppyslug.labels import FindLabel
from puppyslug.objectives.term import LAYER_PATTERN, MapRegion, Term, TermContext, register_term

if TYPE_CHECKING:
    from torch import Tensor

_ARGUMENTS = re.compile(rf'\s*(?P<name>"(?:[^"\\]|\\.)*")\s*,\s*(?P<layer>{LAYER_PATTERN})\s*')
_BLOCK_NUMBERS = 8_000_000  # entries of the match table computed at once, which bounds memory


@register_term
@dataclass(frozen=True)
class GuideTerm(Term):
    """The mean, over positions, of the best match among the features of a guide image.

    At every position the score is the largest dot product with a feature of the guide; the gradient
    at the layer is that feature (google/deepdream, ``dream.ipynb``, "Controlling dreams"). It is
    divided by the number of channels, so that it is comparable to a layer's mean square.

    Attributes:
        layer: the layer whose features are matched.
        name: the guide's file name.
        features: C×M, the guide's activation at the layer; None until ``bind``.
    """

    call = "guide"
    example = 'guide("flowers.jpg", relu4_1)'

    name: str
    features: "Tensor | None" = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:  # noqa: ARG003
        """See ``Term.parse``."""
        match = _ARGUMENTS.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return cls.named(json.loads(match["name"]), match["layer"])

    @classmethod
    def named(cls, name: str, layer: str) -> Self:
        """Create the term of a guide.

        Raises:
            ObjectiveError: the name is empty, or contains a folder.
        """
        if not isinstance(name, str) or not name or "/" in name:
            raise ObjectiveError(f"a guide is a file name without folders, not {name!r}")
        return cls(layer, name)

    def __str__(self) -> str:
        return f"{self.call}({json.dumps(self.name)}, {self.layer})"

    @property
    def references(self) -> tuple[str, ...]:
        """See ``Term.references``."""
        return (self.name,)

    def check_references(self, context: TermContext) -> None:
        """See ``Term.check_references``."""
        height, width = context.reference(self.name).shape[-2:]
        layer = context.network.spec.layer(self.layer)
        if min(height, width) < layer.min_size:
            raise ImageError(
                f"the guide {self.name} of {width}×{height} pixels is too small for {layer.name}, "
                f"which needs {layer.min_size}×{layer.min_size}; use a larger one or a lower layer"
            )

    def bind(self, context: TermContext) -> Self:
        """Compute the guide's features, once for each dream."""
        return replace(self, features=context.cached(self, lambda: self._compute(context)))

    def _compute(self, context: TermContext) -> "Tensor":
        """Return the features, C×M, in the network's precision."""
        import torch

        self.check_references(context)
        image = context.reference(self.name).to(context.network.device)
        with torch.no_grad():
            activation = context.network.activations(image, [self.layer])[self.layer]
        return activation[0].flatten(1)

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        if self.features is None:
            raise ObjectiveError(f"the image of {self} is missing; pass it as a guide")
        guide = self.features.to(region.activation.dtype)
        positions = region.activation.flatten(2)
        block = max(1, _BLOCK_NUMBERS // guide.shape[1])
        score = positions.new_zeros(positions.shape[0]).float()
        for first in range(0, positions.shape[2], block):
            features = positions[:, :, first : first + block]
            best = (features.detach().transpose(1, 2) @ guide).argmax(2)
            matches = guide[:, best].transpose(0, 1)
            score = score + (features.float() * matches.float()).sum((1, 2))
        return score / (region.activation.shape[1] * region.map_size[0] * region.map_size[1])
