"""Terms of an objective: their base class, and what a term can ask of a dream."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TypeVar

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import NetworkSpec

if TYPE_CHECKING:
    from torch import Tensor

    from puppyslug.networks.network import Network

T = TypeVar("T")
AnyTerm = TypeVar("AnyTerm", bound="Term")

# Regular expression of a layer's name; in an ensemble the network's name precedes it.
LAYER_PATTERN = r"(?:[A-Za-z][\w./:-]*?::)?\w[\w./]*"


@dataclass(frozen=True)
class MapRegion:
    """A rectangle of a layer's activation map.

    Attributes:
        activation: N×C×h×w, the rectangle's values.
        map_size: (rows, columns) of the whole map.
        top: first row of the rectangle in the whole map.
        left: first column of the rectangle in the whole map.
    """

    activation: "Tensor"
    map_size: Size
    top: int = 0
    left: int = 0


def whole_maps(activations: Mapping[str, "Tensor"]) -> dict[str, MapRegion]:
    """Return activation maps N×C×h×w, by layer name, as regions that are the whole map."""
    return {
        name: MapRegion(activation, (activation.shape[-2], activation.shape[-1]))
        for name, activation in activations.items()
    }


class TermContext(Protocol):
    """What a term can ask of the dream that it is part of."""

    @property
    def network(self) -> "Network":
        """The network whose layers are scored."""

    @property
    def image(self) -> "Tensor":
        """The image that the dream starts from, 1×3×H×W RGB in [0, 1]."""

    def reference(self, name: str) -> "Tensor":
        """Return a reference image, 1×3×h×w RGB in [0, 1], by the name in ``Term.references``.

        Raises:
            ObjectiveError: no image of that name was given.
        """

    def activation_map(self, layer: str, image: "Tensor | None" = None) -> "Tensor":
        """Compute a layer's activation, float32 1×C×h×w, of ``image`` or of another one."""

    def logits(self) -> "Tensor":
        """Compute the network's logits for the whole ``image``, float32 of shape (classes,)."""

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what ``compute`` returns, computed once for each key during a dream."""


@dataclass(frozen=True)
class Term(ABC):
    """What one layer should do more of. Subclasses are registered with ``register_term``.

    A subclass holds everything about its kind of term: its text syntax (``parse`` and ``__str__``),
    its targets (``resolve`` and ``bind``), and its score, with the summary that makes the score
    exact in tiles.

    Attributes:
        layer: the layer's name.
        call: name of the term in text, as in ``call(arguments)``; empty for terms without one.
        pattern: for terms without a name, the regular expression of their text.
        example: a valid text, for error messages.
        only_at_start: whether ``resolve`` has to replace the term before it can be scored, so that
            it cannot be used once a dream runs.
        has_position: whether the score depends on where in the image something is.
        is_portable: whether its text alone restores it in another program, so that recipes may hold
            it.
    """

    call: ClassVar[str] = ""
    pattern: ClassVar[str] = ""
    example: ClassVar[str] = ""
    only_at_start: ClassVar[bool] = False
    has_position: ClassVar[bool] = False
    is_portable: ClassVar[bool] = True

    layer: str

    @classmethod
    @abstractmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:
        """Create the term from text.

        Args:
            text: the text between the parentheses of ``call(…)``, or what ``pattern`` matched.
            find_label: looks up class names.

        Raises:
            ValueError: the text does not follow the syntax.
            LabelError: unknown class.
        """

    @abstractmethod
    def __str__(self) -> str:
        """Return the text from which ``parse`` creates an equal term, with its ``call``."""

    @abstractmethod
    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":
        """Compute the region's share of the score, float32 of shape (N,).

        Args:
            region: the part of the layer's map to score; the shares of regions that divide the map
                add up to the score of the whole map.
            total: for a global term, the sum of the summaries of all regions; None if the region is
                the whole map.
        """

    @property
    def is_global(self) -> bool:
        """Whether a region's share of the score depends on other regions."""
        return False

    def summary(self, region: MapRegion) -> "Tensor":
        """Return what the score of a global term has to know of each region; summaries add up."""
        raise NotImplementedError

    def check(self, spec: NetworkSpec, size: Size) -> None:  # noqa: ARG002
        """Check that the term fits a network and an image.

        Args:
            spec: the network.
            size: (height, width) of the image at its final size, in pixels.

        Raises:
            NetworkError: no such layer.
            ObjectiveError: no such channel, position or class.
        """
        spec.layer(self.layer)

    @property
    def classes(self) -> tuple[int, ...]:
        """Indices of the classes that the term asks for; empty for other terms."""
        return ()

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the reference images that the term needs."""
        return ()

    def check_references(self, context: TermContext) -> None:  # noqa: ARG002
        """Check the reference images, before any step.

        Raises:
            ImageError: an image does not suit the term.
            ObjectiveError: an image is missing.
        """
        return

    def resolve_label(self, find_label: FindLabel) -> Self:  # noqa: ARG002
        """Return the term with its class name looked up, if it has one that is not yet."""
        return self

    def resolve(self, context: TermContext) -> "tuple[Term, ...]":  # noqa: ARG002
        """Return the terms that replace this one once the image of a dream is known.

        They are written into the recipe, so they must not depend on the image.
        """
        return (self,)

    def bind(self, context: TermContext) -> Self:  # noqa: ARG002
        """Return the term with its targets computed, such as the features of a guide.

        It is called before each step; use ``context.cached`` for what takes time.
        """
        return self

    def vary(self, seed: int, strength: float) -> Self:  # noqa: ARG002
        """Return the term with a random emphasis, so that seeds give different pictures.

        Args:
            seed: random seed.
            strength: of the emphasis, in [0, 1]; 0 for none.
        """
        return self

    def scale_position(self, from_size: Size, to_size: Size) -> Self:  # noqa: ARG002
        """Return the term for a map of another size, where its position moves along.

        Args:
            from_size: (rows, columns) of the map that the position refers to.
            to_size: (rows, columns) of the other map.
        """
        return self


def start_error(term: Term) -> ObjectiveError:
    """Return the error for a term that is used too late."""
    return ObjectiveError(
        f"{term} depends on the image, so it can only be used when a dream begins"
    )


_REGISTERED: dict[str, type[Term]] = {}


def register_term(term: type[AnyTerm]) -> type[AnyTerm]:
    """Register a subclass of ``Term``, so that ``parse_objective`` reads it. Use as a decorator.

    Raises:
        ValueError: another class has the same ``call`` or ``pattern``.
    """
    syntax = term.call or term.pattern
    other = _REGISTERED.get(syntax)
    if not syntax or (other is not None and other.__qualname__ != term.__qualname__):
        raise ValueError(
            f"{term.__qualname__} needs a call or a pattern of its own, not {syntax!r}"
        )
    _REGISTERED[syntax] = term
    return term


def unregister_term(term: type[Term]) -> None:
    """Remove a class that was registered."""
    _REGISTERED.pop(term.call or term.pattern, None)


def registered_terms() -> tuple[type[Term], ...]:
    """Return every registered class."""
    return tuple(_REGISTERED.values())
