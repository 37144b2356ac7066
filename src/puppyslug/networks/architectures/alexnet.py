"""AlexNet, in the form for one graphics card (arXiv:1404.5997)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import plain
from puppyslug.networks.architectures.dense import Dense
from puppyslug.networks.architectures.layers import convolution, convolve_relu, halve
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.specs.alexnet import FC6_KERNEL, HIDDEN, Stage

_THEIRS = (0, 3, 6, 8, 10)  # torchvision's numbers of the convolutions
_THEIR_HEAD = ("classifier.1", "classifier.4", "classifier.6")


class AlexNet(Architecture):
    """AlexNet; its linear layers are applied wherever their window fits."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.stages = cast("tuple[Stage, ...]", spec.structure)
        self.convolutions = nn.ModuleList()
        below = 3
        for stage in self.stages:
            self.convolutions.append(
                convolution(below, stage.channels, stage.kernel, stage.stride, stage.padding)
            )
            below = stage.channels
        self.top_from = "fc6"
        self.dense = Dense(below, FC6_KERNEL, HIDDEN, spec.classes)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.layers``; nothing that was yielded is overwritten."""
        pairs = zip(self.stages, self.convolutions, strict=True)
        for number, (stage, layer) in enumerate(pairs, 1):
            x = convolve_relu(layer, x)
            yield f"relu{number}", x
            if stage.pooled:
                x = halve(x)
                yield f"pool{number}", x
        yield from self.dense.layers(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.dense.labels

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``."""
        return convolve_relu(self.dense.fc7, x)

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read torchvision's state dict."""
        state: dict[str, Tensor] = {}
        for ours, theirs in enumerate(_THEIRS):
            state |= plain(f"convolutions.{ours}", weights, f"features.{theirs}")
        return state | self.dense.translate("dense", weights, _THEIR_HEAD)
