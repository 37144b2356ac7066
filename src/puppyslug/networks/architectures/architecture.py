"""The base class of architectures."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Set

from torch import Tensor, nn

from puppyslug.errors import NetworkError


class Architecture(nn.Module, ABC):
    """A network as a lazy sequence of named layers.

    The names of its parameters are those in the files of finetuned networks and never change.

    Attributes:
        last_block_input: name of the layer below the last block, the input of
            ``forward_last_block``.
    """

    last_block_input = ""

    @abstractmethod
    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """Compute layer after layer, lowest first, as far as the caller iterates.

        Args:
            x: N×3×H×W in the network's own colour order, scale and precision.
            targets: names of the layers whose activations the caller keeps. The activation of any
                other layer may be overwritten by the next one, or skipped where two layers are
                computed as one.

        Yields:
            (name, activation), in the order of the spec; includes every target.
        """

    @property
    def classifier(self) -> nn.Conv2d:
        """The linear layer whose output is the class map.

        Raises:
            NetworkError: there is none that could be finetuned.
        """
        raise NetworkError(
            "the network has no linear classifier, so it cannot be finetuned; choose another"
        )

    def forward_last_block(self, x: Tensor) -> Tensor:
        """Compute the last block alone, with gradients of the weights, for finetuning.

        Args:
            x: N×C×h×w, the activation of ``last_block_input``.

        Returns:
            The input of the classifier.
        """
        raise NotImplementedError

    def normalisation_statistics(
        self, weights: Mapping[str, Tensor]
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Return what the batch normalisations of a weights file measured in training.

        Args:
            weights: tensors by the file's names.

        Returns:
            Mean and standard deviation of each channel of a convolution's output, with its batch
            normalisation folded into it, by the convolution's name; empty where there are none.
        """
        del weights
        return {}

    def ignores(self, name: str) -> bool:
        """Return whether a tensor of this name in a weights file is of no use."""
        return name.endswith(".num_batches_tracked")

    @abstractmethod
    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert the content of a weights file to this module's state dict.

        Args:
            weights: tensors by the file's names.

        Raises:
            KeyError: a tensor that the network needs is missing.
        """
