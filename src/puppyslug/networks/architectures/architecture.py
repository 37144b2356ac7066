"""What every family of networks offers the rest of puppyslug."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Set

from torch import Tensor, nn

from puppyslug.errors import NetworkError


class Architecture(nn.Module, ABC):
    """A network as a sequence of named layers that is computed only as far as it is read.

    Attributes:
        top_from: the layer below its last block, from which ``top`` goes on.
    """

    top_from = ""

    @abstractmethod
    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """Compute layer after layer, lowest first.

        Args:
            x: N×3×H×W in the network's own colour order, scale and precision.
            wanted: names whose activations the caller keeps. A layer that is not wanted may be
                overwritten as soon as the next one is asked for, or be computed as one with the
                next and never appear.

        Yields:
            (name, activation), in the record's order; every wanted layer among them.
        """

    @property
    def classifier(self) -> nn.Conv2d:
        """The linear layer that gives the class map.

        Raises:
            NetworkError: there is none that could be taught.
        """
        raise NetworkError("it has no linear classifier at every position, so it cannot be taught")

    def top(self, x: Tensor) -> Tensor:
        """The last block alone, for teaching: weights may ask for gradients.

        Args:
            x: N×C×h×w, the activation of ``top_from``.

        Returns:
            What the classifier is given.
        """
        raise NotImplementedError

    def spares(self, name: str) -> bool:
        """Whether a weights file may have a tensor of this name that is not needed here."""
        return name.endswith(".num_batches_tracked")

    @abstractmethod
    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Turn the contents of a weights file into this module's state.

        Args:
            weights: tensors by the names that the file uses.

        Raises:
            KeyError: a tensor that the network needs is missing.
        """
