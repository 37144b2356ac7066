"""Objectives: weighted sums of terms."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import NetworkSpec
from puppyslug.objectives.term import MapRegion, Term, TermContext, start_error, whole_maps

if TYPE_CHECKING:
    from torch import Tensor

MAX_WEIGHT = 1e6  # larger weights would overflow in the network


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms, which is always maximised; a negative weight suppresses its term.

    Objectives support ``+``, ``-``, ``sum``, and multiplication and division by a number.

    Attributes:
        terms: (weight, term) pairs, with weights from ``-MAX_WEIGHT`` to ``MAX_WEIGHT``.

    Raises:
        ObjectiveError: there are no terms, all weights are 0, or one is out of range.
    """

    terms: tuple[tuple[float, Term], ...]

    def __post_init__(self) -> None:
        if not self.terms or all(weight == 0 for weight, _ in self.terms):
            raise ObjectiveError("an objective needs a term whose weight is not 0")
        if not all(abs(weight) <= MAX_WEIGHT for weight, _ in self.terms):
            raise ObjectiveError("the weights of an objective must be numbers up to a million")

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that the score needs, each once."""
        return tuple(dict.fromkeys(term.layer for _, term in self.terms))

    @property
    def global_layers(self) -> tuple[str, ...]:
        """Names of the layers that ``summaries`` needs, each once."""
        return tuple(dict.fromkeys(term.layer for _, term in self.terms if term.is_global))

    @property
    def classes(self) -> tuple[int, ...]:
        """Indices, ascending, of the classes that terms with a positive weight ask for."""
        return tuple(sorted({n for weight, term in self.terms if weight > 0 for n in term.classes}))

    @property
    def is_portable(self) -> bool:
        """Whether the text of the objective alone restores it in another program."""
        return all(term.is_portable for _, term in self.terms)

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the reference images that the terms need, each once."""
        return tuple(dict.fromkeys(name for _, term in self.terms for name in term.references))

    def score(self, activations: Mapping[str, "Tensor"]) -> "Tensor":
        """Compute the score of whole activation maps.

        Args:
            activations: N×C×h×w by layer name.

        Returns:
            float32 of shape (N,).
        """
        return self.score_regions(whole_maps(activations))

    def score_regions(
        self, regions: Mapping[str, MapRegion], totals: "Sequence[Tensor | None] | None" = None
    ) -> "Tensor":
        """Compute a tile's share of the score; the shares of tiles add up to the whole score.

        Args:
            regions: the tile's region of each layer, by layer name.
            totals: for every term, the sum of its ``summaries`` over all tiles; None if the regions
                are whole maps.

        Returns:
            float32 of shape (N,).
        """
        (first, *others) = (
            weight * term.score(regions[term.layer], total)
            for (weight, term), total in zip(
                self.terms, totals or [None] * len(self.terms), strict=True
            )
        )
        return sum(others, start=first)

    def summaries(self, regions: Mapping[str, MapRegion]) -> "list[Tensor | None]":
        """Return every term's summary of a tile; None for terms that need none.

        Args:
            regions: the tile's regions of ``global_layers``, by layer name.
        """
        return [
            term.summary(regions[term.layer]) if term.is_global else None for _, term in self.terms
        ]

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """Check that the objective fits a network and an image.

        Args:
            spec: the network.
            size: (height, width) of the image at its final size.

        Raises:
            NetworkError: no such layer; similar names are suggested.
            ObjectiveError: no such channel, position or class.
        """
        for _, term in self.terms:
            term.check(spec, size)

    def check_running(self, references: Collection[str]) -> None:
        """Check that the objective can be used while a dream runs.

        Args:
            references: names of the reference images that the dream has.

        Raises:
            ObjectiveError: a reference image is missing, or a term can only be used at the start.
        """
        for _, term in self.terms:
            if term.only_at_start:
                raise start_error(term)
            missing = set(term.references) - set(references)
            if missing:
                raise ObjectiveError(
                    f"the dream has no guide {min(missing)!r}; start another dream with it"
                )

    def check_references(self, context: TermContext) -> None:
        """Check that the reference images are there and suit their terms.

        Raises:
            ImageError: an image is too small for its layer.
            ObjectiveError: an image is missing.
        """
        for _, term in self.terms:
            term.check_references(context)

    def resolve_labels(self, find_label: FindLabel) -> "Objective":
        """Return the objective with all class names looked up.

        Raises:
            LabelError: unknown class or group; similar names are suggested.
        """
        return self._map(lambda term: term.resolve_label(find_label))

    def resolve(self, context: TermContext) -> "Objective":
        """Return the objective without terms that depend on the image of a dream."""
        return Objective(
            tuple((weight, new) for weight, term in self.terms for new in term.resolve(context))
        )

    def bind(self, context: TermContext) -> "Objective":
        """Return the objective with the targets of its terms computed, ready to be scored."""
        return self._map(lambda term: term.bind(context))

    def vary(self, seed: int, strength: float) -> "Objective":
        """Return the objective with a random emphasis in each of its terms; see ``Term.vary``.

        Args:
            seed: of the variation.
            strength: how far it goes, 0 for not at all.
        """
        return self._map(lambda term: term.vary(seed, strength)) if strength else self

    def scale_positions(self, spec: NetworkSpec, from_size: Size, to_size: Size) -> "Objective":
        """Return the objective for an image of another size, where positions move along.

        Args:
            spec: the network.
            from_size: (height, width) of the image that positions refer to.
            to_size: (height, width) of the other image, such as an octave.
        """

        def scale(term: Term) -> Term:
            layer = spec.layer(term.layer)
            return term.scale_position(layer.output_size(from_size), layer.output_size(to_size))

        return self._map(scale)

    def _map(self, function: Callable[[Term], Term]) -> "Objective":
        return Objective(tuple((weight, function(term)) for weight, term in self.terms))

    def __add__(self, other: "Objective") -> "Objective":
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(self.terms + other.terms)

    def __radd__(self, other: object) -> "Objective":
        """Add to 0, with which ``sum`` starts."""
        return self if other == 0 else NotImplemented

    def __sub__(self, other: "Objective") -> "Objective":
        if not isinstance(other, Objective):
            return NotImplemented
        return self + -other

    def __neg__(self) -> "Objective":
        return self * -1

    def __mul__(self, factor: float) -> "Objective":
        if not isinstance(factor, int | float):
            return NotImplemented
        return Objective(tuple((factor * weight, term) for weight, term in self.terms))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> "Objective":
        if not isinstance(divisor, int | float):
            return NotImplemented
        if divisor == 0:
            raise ObjectiveError("an objective cannot be divided by 0; use a weight")
        return self * (1 / divisor)

    def __str__(self) -> str:
        """Return the text from which ``parse_objective`` creates an equal objective."""
        text = ""
        for weight, term in self.terms:
            sign = ("-" if weight < 0 else "") if not text else (" - " if weight < 0 else " + ")
            factor = "" if abs(weight) == 1 else f"{_format_number(abs(weight))}*"
            text += f"{sign}{factor}{term}"
        return text


def _format_number(value: float) -> str:
    """Return the shortest text that reads back as the same float."""
    return repr(value).removesuffix(".0")
