"""The three linear layers on top of AlexNet and VGG, applied wherever their window fits."""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from puppyslug.networks.architectures.batch_norm import classifier
from puppyslug.networks.architectures.layers import convolution, convolve_relu
from puppyslug.networks.specs import CLASS_MAP


class Dense(nn.Module):
    """fc6, fc7 and the classifier, as convolutions."""

    def __init__(self, below: int, kernel: int, hidden: int, classes: int) -> None:
        """Take the channels below, the positions that fc6 sees, its channels, and the classes."""
        super().__init__()
        self._kernel = kernel
        self.fc6 = convolution(below, hidden, kernel)
        self.fc7 = convolution(hidden, hidden)
        self.labels = convolution(hidden, classes)

    def layers(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield the three layers of N×C×h×w, as ``Architecture.layers`` does."""
        x = convolve_relu(self.fc6, x)
        yield "fc6", x
        x = convolve_relu(self.fc7, x)
        yield "fc7", x
        yield CLASS_MAP, self.labels(x)

    def translate(
        self, ours: str, weights: Mapping[str, Tensor], theirs: Sequence[str]
    ) -> dict[str, Tensor]:
        """Read three linear layers.

        Args:
            ours: what the family calls this part.
            weights: tensors by the names that the file uses.
            theirs: what the file calls the three.
        """
        state: dict[str, Tensor] = {}
        for own, name in zip(("fc6", "fc7", "labels"), theirs, strict=True):
            state |= classifier(f"{ours}.{own}", weights, name)
        flat = state[f"{ours}.fc6.weight"]
        kernel = self._kernel
        state[f"{ours}.fc6.weight"] = flat.reshape(len(flat), -1, kernel, kernel)
        return state
