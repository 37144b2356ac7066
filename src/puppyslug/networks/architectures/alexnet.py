"""AlexNet, in the single-GPU variant (arXiv:1404.5997)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import convert_convolution
from puppyslug.networks.architectures.dense_head import DenseHead
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution, max_pool
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.specs.alexnet import FC6_KERNEL, HIDDEN, Stage

# torchvision's names
_CONVOLUTIONS = tuple(f"features.{index}" for index in (0, 3, 6, 8, 10))
_HEAD = ("classifier.1", "classifier.4", "classifier.6")


@register_architecture("alexnet")
class AlexNet(Architecture):
    """AlexNet, with its linear layers applied at every position where fc6 fits."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.stages = cast("tuple[Stage, ...]", spec.structure)
        self.convolutions = nn.ModuleList()
        channels = 3
        for stage in self.stages:
            self.convolutions.append(
                make_convolution(
                    channels, stage.channels, stage.kernel, stage.stride, stage.padding
                )
            )
            channels = stage.channels
        self.last_block_input = "fc6"
        self.dense = DenseHead(channels, FC6_KERNEL, HIDDEN, spec.classes)

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.iter_layers``; every layer is yielded and none is overwritten."""
        pairs = zip(self.stages, self.convolutions, strict=True)
        for number, (stage, convolution) in enumerate(pairs, 1):
            x = convolve_relu(convolution, x)
            yield f"relu{number}", x
            if stage.pool:
                x = max_pool(x)
                yield f"pool{number}", x
        yield from self.dense.iter_layers(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.dense.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``: fc7."""
        return convolve_relu(self.dense.fc7, x)

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert torchvision's state dict."""
        state: dict[str, Tensor] = {}
        for index, source in enumerate(_CONVOLUTIONS):
            state |= convert_convolution(f"convolutions.{index}", weights, source)
        return state | self.dense.convert_state_dict("dense", weights, _HEAD)
