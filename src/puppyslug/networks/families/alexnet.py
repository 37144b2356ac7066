"""AlexNet, in the form for one graphics card (arXiv:1404.5997)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn

from puppyslug.networks.families.family import Family
from puppyslug.networks.families.folding import classifier, plain
from puppyslug.networks.families.layers import convolution, convolve_relu, halve
from puppyslug.networks.records import CLASS_MAP, NetworkRecord
from puppyslug.networks.records.alexnet import FC6_KERNEL, HIDDEN, Stage
from puppyslug.networks.records.imagenet import CLASSES

_THEIRS = (0, 3, 6, 8, 10)  # torchvision's numbers of the convolutions


class AlexNet(Family):
    """AlexNet; its linear layers are applied wherever their window fits."""

    def __init__(self, record: NetworkRecord) -> None:
        super().__init__()
        self.stages = cast("tuple[Stage, ...]", record.structure)
        self.convolutions = nn.ModuleList()
        below = 3
        for stage in self.stages:
            self.convolutions.append(
                convolution(below, stage.channels, stage.kernel, stage.stride, stage.padding)
            )
            below = stage.channels
        self.fc6 = convolution(below, HIDDEN, FC6_KERNEL)
        self.fc7 = convolution(HIDDEN, HIDDEN)
        self.labels = convolution(HIDDEN, CLASSES)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Family.layers``; nothing that was yielded is overwritten."""
        pairs = zip(self.stages, self.convolutions, strict=True)
        for number, (stage, layer) in enumerate(pairs, 1):
            x = convolve_relu(layer, x)
            yield f"relu{number}", x
            if stage.pooled:
                x = halve(x)
                yield f"pool{number}", x
        x = convolve_relu(self.fc6, x)
        yield "fc6", x
        x = convolve_relu(self.fc7, x)
        yield "fc7", x
        yield CLASS_MAP, self.labels(x)

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read torchvision's state dict."""
        state: dict[str, Tensor] = {}
        for ours, theirs in enumerate(_THEIRS):
            state |= plain(f"convolutions.{ours}", weights, f"features.{theirs}")
        state |= classifier("fc6", weights, "classifier.1")
        state["fc6.weight"] = state["fc6.weight"].reshape(HIDDEN, -1, FC6_KERNEL, FC6_KERNEL)
        state |= classifier("fc7", weights, "classifier.4")
        return state | classifier("labels", weights, "classifier.6")
