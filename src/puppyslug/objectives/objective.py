"""Objectives: weighted sums of terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel, find_label
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.objectives.term import ChannelTerm, LayerTerm, NeuronTerm, Part, Term
from puppyslug.objectives.terms.guide import GuideTerm
from puppyslug.objectives.terms.see import SeeTerm

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

    def score_parts(
        self, parts: Mapping[str, Part], totals: "Sequence[Tensor | None] | None" = None
    ) -> "Tensor":
        """Score one part of each layer; the scores of parts that divide the maps add up.

        Args:
            parts: by layer name.
            totals: for every term, the sum of its ``summaries`` over all parts; None where the
                parts are whole maps.
        """
        (first, *others) = (
            weight * term.score(parts[term.layer], total)
            for (weight, term), total in zip(
                self.terms, totals or [None] * len(self.terms), strict=True
            )
        )
        return sum(others, start=first)

    def summaries(self, parts: Mapping[str, Part]) -> "list[Tensor | None]":
        """For every term, what its score has to know of each part; None where nothing.

        Args:
            parts: of the layers in ``summarised``, by name.
        """
        return [
            term.summary(parts[term.layer]) if term.is_global else None for _, term in self.terms
        ]

    @property
    def summarised(self) -> tuple[str, ...]:
        """The layers that ``summaries`` needs, each once."""
        return tuple(dict.fromkeys(term.layer for _, term in self.terms if term.is_global))

    @property
    def guides(self) -> tuple[GuideTerm, ...]:
        """The terms that need a guide."""
        return tuple(term for _, term in self.terms if isinstance(term, GuideTerm))

    @property
    def seen(self) -> tuple[SeeTerm, ...]:
        """The terms of positive weight that ask for a thing by its name."""
        return tuple(t for weight, t in self.terms if weight > 0 and isinstance(t, SeeTerm))

    def named(self, names: FindLabel) -> "Objective":
        """The same objective with every name looked up that is not yet.

        Args:
            names: finds a label by its name.

        Raises:
            LabelError: no such class or group; near names are offered.
        """
        return Objective(tuple((weight, term.named(names)) for weight, term in self.terms))

    def bound(self, features: Mapping[GuideTerm, "Tensor"]) -> "Objective":
        """The same objective with its guides' features, C×M for each of ``guides``."""
        return Objective(tuple((weight, term.bound(features)) for weight, term in self.terms))

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """Refuse an objective that does not fit a network or a picture.

        Args:
            spec: the network.
            size: (height, width) of the final picture.

        Raises:
            NetworkError: no such layer; near names are offered.
            ObjectiveError: no such channel or position.
        """
        for _, term in self.terms:
            term.check(spec, size)

    def moved(self, spec: NetworkSpec, size: Size, to: Size) -> "Objective":
        """The same objective in a smaller octave: positions move with the picture.

        Args:
            spec: the network.
            size: (height, width) of the final picture.
            to: (height, width) of the octave.
        """

        def move(term: Term) -> Term:
            layer_record = spec.layer(term.layer)
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


def see(name: str, names: FindLabel = find_label) -> Objective:
    """More of a thing by its name: the logarithm of the probability that the network gives it.

    Args:
        name: a class or a group of classes, such as ``"golden retriever"`` or ``"dog"``; of a
            group, the member is chosen that the picture is nearest to; ``"any dog"`` leaves it
            open.
        names: finds a label by its name; ImageNet's unless told otherwise, such as
            ``network.find_label``.

    Raises:
        LabelError: no such class or group; near names are offered.
    """
    words = name.strip()
    any_member = words[:4].lower() == "any "
    label = names(words[4:] if any_member else words)
    any_member = any_member and label.number is None
    return Objective(((1.0, SeeTerm(CLASS_MAP, label, any_member=any_member)),))


def guide(name: str, layer: str) -> Objective:
    """More of what another picture has: its best matching features (the notebook's guide).

    Args:
        name: the guide's file name, without folders.
        layer: whose features are matched.

    Raises:
        ObjectiveError: an empty name, or one with folders in it.
    """
    if not name or "/" in name:
        raise ObjectiveError(f"{name!r} is no guide's name; give a file name without folders")
    return Objective(((1.0, GuideTerm(layer, name)),))


def _number(value: float) -> str:
    """The shortest text that reads back as the same float."""
    return repr(value).removesuffix(".0")
