"""ResNet: residual blocks, whose output is added to their input (arXiv:1512.03385)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import relu_

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import convert_linear, fold_batch_norm
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution, max_pool
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.resnet import STEM_CHANNELS, Residual


class ResidualBlock(nn.Module):
    """Two or three convolutions plus a shortcut, projected where the shapes differ."""

    def __init__(self, in_channels: int, block: Residual) -> None:
        super().__init__()
        inner, out_channels = block.inner_channels, block.channels
        if block.bottleneck:
            self.conv1 = make_convolution(in_channels, inner)
            self.conv2 = make_convolution(inner, inner, 3, block.stride, 1)
            self.conv3 = make_convolution(inner, out_channels)
        else:
            self.conv1 = make_convolution(in_channels, inner, 3, block.stride, 1)
            self.conv2 = make_convolution(inner, out_channels, 3, 1, 1)
        if block.stride != 1 or in_channels != out_channels:
            self.downsample = make_convolution(in_channels, out_channels, 1, block.stride)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the block's output."""
        layers = dict(self.named_children())
        downsample = layers.pop("downsample", None)
        *first, last = layers.values()
        y = x
        for layer in first:
            y = convolve_relu(layer, y)
        y = last(y)
        return relu_(y + (x if downsample is None else downsample(x)))


@register_architecture("resnet")
class ResNet(Architecture):
    """A ResNet; the class map is its linear layer applied at every position of the last block."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.conv1 = make_convolution(3, STEM_CHANNELS, 7, 2, 3)
        self.stages = nn.ModuleDict()  # torch's module names cannot contain a dot
        channels = STEM_CHANNELS
        for block in cast("tuple[Residual, ...]", spec.structure):
            self.stages[block.name.replace(".", "_")] = ResidualBlock(channels, block)
            channels = block.channels
        self.last_block_input = list(self.stages)[-2].replace("_", ".")
        self.labels = make_convolution(channels, spec.classes)

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.iter_layers``; every layer is yielded and none is overwritten."""
        x = convolve_relu(self.conv1, x)
        yield "conv1", x
        x = max_pool(x, padding=1)
        yield "maxpool", x
        for name, block in self.stages.items():
            x = block(x)
            yield name.replace("_", "."), x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``."""
        *_, last = self.stages.values()
        y: Tensor = last(x)
        return y

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert torchvision's state dict."""
        state = fold_batch_norm("conv1", weights, "conv1", "bn1")
        state |= convert_linear("labels", weights, "fc")
        for name, block in self.stages.items():
            source = name.replace("_", ".")
            for layer, _ in block.named_children():
                pair = (
                    (f"{source}.downsample.0", f"{source}.downsample.1")
                    if layer == "downsample"
                    else (f"{source}.{layer}", f"{source}.{layer.replace('conv', 'bn')}")
                )
                state |= fold_batch_norm(f"stages.{name}.{layer}", weights, *pair)
        return state
