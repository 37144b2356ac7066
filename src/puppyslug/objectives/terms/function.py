"""``function(my_score, relu4_4)``: a function of the caller's, which maps activations to scores."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import NetworkSpec
from puppyslug.objectives.term import LAYER_PATTERN, MapRegion, Term, register_term

if TYPE_CHECKING:
    from torch import Tensor

ScoreFunction = Callable[["Tensor"], "Tensor"]

_ARGUMENTS = re.compile(rf"\s*(?P<name>[^\W\d]\w*)\s*,\s*(?P<layer>{LAYER_PATTERN})\s*")
_functions: dict[str, ScoreFunction] = {}  # of this process, by the name in the text


def name_function(function: ScoreFunction) -> str:
    """Return the name by which the text of an objective refers to a function."""
    base = re.sub(r"\W|^(?=\d)", "_", getattr(function, "__name__", "")).strip("_") or "function"
    name, number = base, 1
    while _functions.setdefault(name, function) is not function:
        number += 1
        name = f"{base}_{number}"
    return name


@register_term
@dataclass(frozen=True)
class FunctionTerm(Term):
    """A function of a layer's activation, defined by the program that dreams.

    Attributes:
        name: by which ``puppyslug.objective`` knows the function in this process.
    """

    call = "function"
    example = "function(my_score, relu4_4)"
    is_portable: ClassVar[bool] = False

    name: str

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:  # noqa: ARG003
        """See ``Term.parse``."""
        match = _ARGUMENTS.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return cls(match["layer"], match["name"])

    def __str__(self) -> str:
        return f"function({self.name}, {self.layer})"

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        self._find_function()

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``; only scores of positions can be computed in regions."""
        from torch import Tensor

        activation = region.activation.float()
        scores = self._find_function()(activation)
        count, rows, columns = len(activation), *activation.shape[-2:]
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else None
        if shape in ((count, rows, columns), (count, 1, rows, columns)):
            return scores.flatten(1).sum(1) / (region.map_size[0] * region.map_size[1])
        if shape not in ((count,), ()) or (shape == () and count > 1):
            found = f"a tensor of shape {shape}" if shape is not None else type(scores).__name__
            raise ObjectiveError(
                f"the function {self.name} returned {found}; return a tensor with the score of "
                f"each image, ({count},), or of each position, ({count}, {rows}, {columns})"
            )
        if (rows, columns) != region.map_size:
            raise ObjectiveError(
                f"{self} needs the whole image, which does not fit into memory; return the score "
                f"of each position, ({count}, {rows}, {columns}), or use a smaller size"
            )
        return scores.reshape(count)

    def _find_function(self) -> ScoreFunction:
        if self.name not in _functions:
            raise ObjectiveError(
                f"this program has no objective function {self.name}; define it, and create the "
                f"objective by puppyslug.objective({self.name}, {self.layer!r})"
            )
        return _functions[self.name]
