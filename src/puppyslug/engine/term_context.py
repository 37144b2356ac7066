"""What the terms of an objective can ask of a dream."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from torch import Tensor

from puppyslug.errors import ObjectiveError
from puppyslug.networks.network import Network
from puppyslug.recognition.channel_responses import activation_map
from puppyslug.recognition.classification import compute_logits

T = TypeVar("T")


class DreamTermContext:
    """Implements ``puppyslug.objectives.TermContext``.

    Attributes:
        network: the network of the dream.
        image: the image that the dream starts from, 1×3×H×W RGB in [0, 1].
    """

    def __init__(self, network: Network, image: Tensor, references: Mapping[str, Tensor]) -> None:
        """Create a context.

        Args:
            network: the network of the dream.
            image: 1×3×H×W RGB in [0, 1].
            references: reference images by name, each 1×3×h×w RGB in [0, 1].
        """
        self.network = network
        self.image = image
        self._references = references
        self._cache: dict[Hashable, Any] = {}

    def reference(self, name: str) -> Tensor:
        """See ``TermContext.reference``."""
        if name not in self._references:
            raise ObjectiveError(f"the image of the guide {name!r} is missing; pass it as a guide")
        return self._references[name]

    def activation_map(self, layer: str, image: Tensor | None = None) -> Tensor:
        """See ``TermContext.activation_map``."""
        return activation_map(self.network, layer, self.image if image is None else image)

    def logits(self) -> Tensor:
        """See ``TermContext.logits``."""
        return self.cached("logits", lambda: compute_logits(self.network, self.image))

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        """See ``TermContext.cached``."""
        if key not in self._cache:
            self._cache[key] = compute()
        result: T = self._cache[key]
        return result
