"""Objectives: weighted sums of terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.networks.records import NetworkRecord
from puppyslug.objectives.terms import ChannelTerm, LayerTerm, NeuronTerm, Part, Size, Term

if TYPE_CHECKING:
    from torch import Tensor


MAX_WEIGHT = 1e6  # more would overflow on its way through a network


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms, always ascended: only a negative weight turns a term away.

    Attributes:
        terms: (weight, term) pairs; weights are at most ``MAX_WEIGHT``, either way.
    """

    terms: tuple[tuple[float, Term], ...]

    def __post_init__(self) -> None:
        if not self.terms or all(weight == 0 for weight, _ in self.terms):
            raise ObjectiveError("an objective needs a term whose weight is not 0")
        if not all(abs(weight) <= MAX_WEIGHT for weight, _ in self.terms):
            raise ObjectiveError("an objective's weights must be numbers up to a million")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the score needs, each once."""
        return tuple(dict.fromkeys(term.layer for _, term in self.terms))

    def score(self, activations: Mapping[str, "Tensor"]) -> "Tensor":
        """Score whole maps.

        Args:
            activations: N×C×h×w by layer name.

        Returns:
            float32 of shape (N,).
        """
        return self.score_parts(
            {
                name: Part(activation, (activation.shape[-2], activation.shape[-1]))
                for name, activation in activations.items()
            }
        )

    def score_parts(self, parts: Mapping[str, Part]) -> "Tensor":
        """Score one part of each layer; the scores of parts that divide the maps add up."""
        (weight, term), *others = self.terms
        total = weight * term.score(parts[term.layer])
        for weight, term in others:
            total = total + weight * term.score(parts[term.layer])
        return total

    def check(self, record: NetworkRecord, size: Size) -> None:
        """Refuse an objective that does not fit a network or a picture.

        Args:
            record: the network.
            size: (height, width) of the final picture.

        Raises:
            NetworkError: no such layer; near names are offered.
            ObjectiveError: no such channel or position.
        """
        for _, term in self.terms:
            term.check(record, size)

    def moved(self, record: NetworkRecord, size: Size, to: Size) -> "Objective":
        """The same objective in a smaller octave: positions move with the picture.

        Args:
            record: the network.
            size: (height, width) of the final picture.
            to: (height, width) of the octave.
        """

        def move(term: Term) -> Term:
            layer_record = record.layer(term.layer)
            return term.moved(layer_record.positions(size), layer_record.positions(to))

        return Objective(tuple((weight, move(term)) for weight, term in self.terms))

    def __add__(self, other: "Objective") -> "Objective":
        return Objective(self.terms + other.terms)

    def __sub__(self, other: "Objective") -> "Objective":
        return self + -other

    def __neg__(self) -> "Objective":
        return self * -1

    def __mul__(self, factor: float) -> "Objective":
        return Objective(tuple((factor * weight, term) for weight, term in self.terms))

    __rmul__ = __mul__

    def __str__(self) -> str:
        """The text that ``parse_objective`` reads back as the same objective."""
        text = ""
        for weight, term in self.terms:
            sign = ("-" if weight < 0 else "") if not text else (" - " if weight < 0 else " + ")
            factor = "" if abs(weight) == 1 else f"{_number(abs(weight))}*"
            text += f"{sign}{factor}{term}"
        return text


def layer(name: str) -> Objective:
    """More of whatever a layer responds to: ½ · mean square (the notebook's objective).

    Args:
        name: a layer's name, such as ``"relu4_4"``.
    """
    return Objective(((1.0, LayerTerm(name)),))


def channel(name: str, number: int) -> Objective:
    """More of what one channel of a layer responds to: its mean activation.

    Args:
        name: a layer's name.
        number: the channel, counted from 0.
    """
    return Objective(((1.0, ChannelTerm(name, number)),))


def neuron(name: str, number: int, position: Size | None = None) -> Objective:
    """More of what one neuron responds to: its activation.

    Args:
        name: a layer's name.
        number: the channel, counted from 0.
        position: (row, column) in the layer's map at the picture's final size; None for the
            centre.
    """
    return Objective(((1.0, NeuronTerm(name, number, position)),))


def _number(value: float) -> str:
    """The shortest text that reads back as the same float."""
    return repr(value).removesuffix(".0")
