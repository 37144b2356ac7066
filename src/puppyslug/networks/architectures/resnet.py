"""ResNet: blocks whose output is added to their input (arXiv:1512.03385)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import relu_

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import classifier, fold
from puppyslug.networks.architectures.layers import convolution, convolve_relu, halve
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.resnet import STEM_CHANNELS, Residual


class ResidualBlock(nn.Module):
    """Two or three convolutions; plus the input, brought to the same shape where need be."""

    def __init__(self, below: int, block: Residual) -> None:
        super().__init__()
        if block.bottleneck:
            self.conv1 = convolution(below, block.inner)
            self.conv2 = convolution(block.inner, block.inner, 3, block.stride, 1)
            self.conv3 = convolution(block.inner, block.channels)
        else:
            self.conv1 = convolution(below, block.inner, 3, block.stride, 1)
            self.conv2 = convolution(block.inner, block.channels, 3, 1, 1)
        if block.stride != 1 or below != block.channels:
            self.downsample = convolution(below, block.channels, 1, block.stride)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the block's output."""
        layers = dict(self.named_children())
        shortcut = layers.pop("downsample", None)
        *first, last = layers.values()
        y = x
        for layer in first:
            y = convolve_relu(layer, y)
        y = last(y)
        return relu_(y + (x if shortcut is None else shortcut(x)))


class ResNet(Architecture):
    """A ResNet; the class map is its linear layer applied at every position of the last block."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.conv1 = convolution(3, STEM_CHANNELS, 7, 2, 3)
        self.stages = nn.ModuleDict()  # a name with a dot cannot be one of torch's own
        below = STEM_CHANNELS
        for block in cast("tuple[Residual, ...]", spec.structure):
            self.stages[block.name.replace(".", "_")] = ResidualBlock(below, block)
            below = block.channels
        self.top_from = list(self.stages)[-2].replace("_", ".")
        self.labels = convolution(below, spec.classes)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.layers``; nothing that was yielded is overwritten."""
        x = convolve_relu(self.conv1, x)
        yield "conv1", x
        x = halve(x, padding=1)
        yield "maxpool", x
        for name, block in self.stages.items():
            x = block(x)
            yield name.replace("_", "."), x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``."""
        *_, last = self.stages.values()
        y: Tensor = last(x)
        return y

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read torchvision's state dict."""
        state = fold("conv1", weights, "conv1", "bn1") | classifier("labels", weights, "fc")
        for name, block in self.stages.items():
            ours, theirs = f"stages.{name}", name.replace("_", ".")
            for layer, _ in block.named_children():
                pair = (
                    (f"{theirs}.downsample.0", f"{theirs}.downsample.1")
                    if layer == "downsample"
                    else (f"{theirs}.{layer}", f"{theirs}.{layer.replace('conv', 'bn')}")
                )
                state |= fold(f"{ours}.{layer}", weights, *pair)
        return state
