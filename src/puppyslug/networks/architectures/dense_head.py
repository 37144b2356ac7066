"""The three linear layers of AlexNet and VGG, applied at every position where fc6 fits."""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from puppyslug.networks.architectures.conversion import convert_linear
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution
from puppyslug.networks.specs import CLASS_MAP


class DenseHead(nn.Module):
    """fc6, fc7 and the classifier, as convolutions."""

    def __init__(self, in_channels: int, kernel: int, hidden: int, classes: int) -> None:
        """Create the layers.

        Args:
            in_channels: channels of the layer below.
            kernel: side length of the window of fc6.
            hidden: channels of fc6 and fc7.
            classes: number of classes.
        """
        super().__init__()
        self._kernel = kernel
        self.fc6 = make_convolution(in_channels, hidden, kernel)
        self.fc7 = make_convolution(hidden, hidden)
        self.labels = make_convolution(hidden, classes)

    def iter_layers(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Compute the three layers of N×C×h×w; see ``Architecture.iter_layers``."""
        x = convolve_relu(self.fc6, x)
        yield "fc6", x
        x = convolve_relu(self.fc7, x)
        yield "fc7", x
        yield CLASS_MAP, self.labels(x)

    def convert_state_dict(
        self, prefix: str, weights: Mapping[str, Tensor], sources: Sequence[str]
    ) -> dict[str, Tensor]:
        """Convert three linear layers.

        Args:
            prefix: name of this module in the architecture.
            weights: tensors by the file's names.
            sources: the file's names of the three layers.
        """
        state: dict[str, Tensor] = {}
        for target, source in zip(("fc6", "fc7", "labels"), sources, strict=True):
            state |= convert_linear(f"{prefix}.{target}", weights, source)
        flat = state[f"{prefix}.fc6.weight"]
        kernel = self._kernel
        state[f"{prefix}.fc6.weight"] = flat.reshape(len(flat), -1, kernel, kernel)
        return state
