"""The terms of an objective: each scores one layer's activation.

Every score is a mean over the positions of the layer, so that terms of different layers and
pictures of different sizes compare. A score adds up over parts that divide the layer's map.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import NetworkSpec

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Part:
    """A rectangle of a layer's map.

    Attributes:
        activation: N×C×h×w, the rectangle's values.
        whole: (rows, columns) of the whole map.
        top: first row of the rectangle in the whole map.
        left: first column of the rectangle in the whole map.
    """

    activation: "Tensor"
    whole: Size
    top: int = 0
    left: int = 0


@dataclass(frozen=True)
class Term(ABC):
    """What one layer should do more of.

    Attributes:
        layer: the layer's name.
    """

    layer: str

    @abstractmethod
    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":
        """The part's share of the score, float32 of shape (N,).

        Args:
            part: what to score.
            total: the sum of all parts' summaries; None where the part is the whole map.
        """

    @property
    def is_global(self) -> bool:
        """Whether a part's score depends on all other parts, too."""
        return False

    def summary(self, part: Part) -> "Tensor":
        """What the score of a global term has to know of each part; these shares add up."""
        raise NotImplementedError

    def bound(self, features: Mapping[Any, "Tensor"]) -> "Term":  # noqa: ARG002
        """The same term with the features of its guide, if it has one."""
        return self

    def check(self, spec: NetworkSpec, size: Size) -> None:  # noqa: ARG002
        """Refuse a term that does not fit a network or a picture of this (height, width).

        Raises:
            NetworkError: no such layer.
            ObjectiveError: no such channel or position.
        """
        spec.layer(self.layer)

    def named(self, names: FindLabel) -> "Term":  # noqa: ARG002
        """The same term with its name looked up, where it has one that is not yet."""
        return self

    def moved(self, positions: Size, to: Size) -> "Term":  # noqa: ARG002
        """The same term on a map of another size: the finest octave's ``positions`` → ``to``."""
        return self


@dataclass(frozen=True)
class LayerTerm(Term):
    """Whatever the layer responds to: half the mean square of its activation.

    Its gradient at the layer is the activation itself, as in the notebook of 2015.
    """

    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        channels = part.activation.shape[1]
        squares = part.activation.float().square().sum((1, 2, 3))
        return 0.5 * squares / (channels * part.whole[0] * part.whole[1])

    def __str__(self) -> str:
        return self.layer


@dataclass(frozen=True)
class ChannelTerm(Term):
    """One channel's mean activation (Mordvintsev et al., TensorFlow's deepdream tutorial).

    Attributes:
        channel: counted from 0.
    """

    channel: int

    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``."""
        response = part.activation[:, self.channel].float().sum((1, 2))
        return response / (part.whole[0] * part.whole[1])

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        channels = spec.layer(self.layer).channels
        if not 0 <= self.channel < channels:
            raise ObjectiveError(
                f"{self.layer} of {spec.name} has no channel {self.channel}; "
                f"its {channels} channels are 0 to {channels - 1}"
            )

    def __str__(self) -> str:
        return f"{self.layer}:{self.channel}"


@dataclass(frozen=True)
class NeuronTerm(ChannelTerm):
    """One channel's activation at one position.

    Attributes:
        position: (row, column) in the layer's map of the whole picture at its final size, counted
            from 0; None for the centre.
    """

    position: Size | None = None

    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """See ``Term.score``; a part without the position scores 0."""
        row, column = self.position or (part.whole[0] // 2, part.whole[1] // 2)
        row, column = row - part.top, column - part.left
        values = part.activation[:, self.channel].float()
        if not (0 <= row < values.shape[1] and 0 <= column < values.shape[2]):
            return 0 * values.sum((1, 2))
        return values[:, row, column]

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        rows, columns = spec.layer(self.layer).positions(size)
        if self.position and not (0 <= self.position[0] < rows and 0 <= self.position[1] < columns):
            raise ObjectiveError(
                f"{self} is outside {self.layer}, which has {rows} rows and {columns} columns on "
                f"a picture of {size[1]}×{size[0]}"
            )

    def moved(self, positions: Size, to: Size) -> "NeuronTerm":
        """See ``Term.moved``."""
        if self.position is None:
            return self
        row, column = self.position
        moved = (row * to[0] // positions[0], column * to[1] // positions[1])
        return replace(self, position=moved)

    def __str__(self) -> str:
        where = "c" if self.position is None else f"{self.position[0]},{self.position[1]}"
        return f"{super().__str__()}@{where}"
