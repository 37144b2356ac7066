"""GoogLeNet: inception modules of four branches (arXiv:1409.4842), in its two variants."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import (
    TENSORFLOW_EPSILON,
    convert_convolution,
    convert_linear,
    fold_batch_norm,
)
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution, max_pool
from puppyslug.networks.architectures.local_response_norm import LocalResponseNorm
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.googlenet import MODULES, POOL_AFTER, STEM_CHANNELS, Variant

# torchvision's names of the convolutions in the stem and in a module
_STEM = {"conv1/7x7_s2": "conv1", "conv2/3x3_reduce": "conv2", "conv2/3x3": "conv3"}
_BRANCHES = {
    "1x1": "branch1",
    "3x3_reduce": "branch2.0",
    "3x3": "branch2.1",
    "5x5_reduce": "branch3.0",
    "5x5": "branch3.1",
    "pool_proj": "branch4.1",
}


@register_architecture("googlenet")
class GoogLeNet(Architecture):
    """A GoogLeNet without its auxiliary classifiers, which serve training only."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.variant = cast("tuple[Variant]", spec.structure)[0]
        conv1, reduce2, conv2 = STEM_CHANNELS
        self.convolutions = nn.ModuleDict(
            {
                "conv1/7x7_s2": make_convolution(3, conv1, 7, 2, 3),
                "conv2/3x3_reduce": make_convolution(conv1, reduce2),
                "conv2/3x3": make_convolution(reduce2, conv2, 3, 1, 1),
            }
        )
        kernel, channels = self.variant.branch5x5_kernel, conv2
        for module in MODULES:
            for branch, layer in (
                ("1x1", make_convolution(channels, module.conv1x1)),
                ("3x3_reduce", make_convolution(channels, module.reduce3x3)),
                ("3x3", make_convolution(module.reduce3x3, module.conv3x3, 3, 1, 1)),
                ("5x5_reduce", make_convolution(channels, module.reduce5x5)),
                ("5x5", make_convolution(module.reduce5x5, module.conv5x5, kernel, 1, kernel // 2)),
                ("pool_proj", make_convolution(channels, module.pool_proj)),
            ):
                self.convolutions[f"{module.name}/{branch}"] = layer
            channels = module.channels
        self.norms = nn.ModuleList([LocalResponseNorm(conv1), LocalResponseNorm(conv2)])
        self.last_block_input = f"{MODULES[-2].name}/output"
        self.labels = make_convolution(channels, spec.classes)

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.iter_layers``; every layer is yielded and none is overwritten."""
        x = self._convolve("conv1/7x7_s2", x)
        yield "conv1/7x7_s2", x
        x = max_pool(x, ceil_mode=True)
        yield "pool1/3x3_s2", x
        if self.variant.has_lrn:
            x = self.norms[0](x)
            yield "pool1/norm1", x
        for name in ("conv2/3x3_reduce", "conv2/3x3"):
            x = self._convolve(name, x)
            yield name, x
        if self.variant.has_lrn:
            x = self.norms[1](x)
            yield "conv2/norm2", x
        x = max_pool(x, ceil_mode=True)
        yield "pool2/3x3_s2", x
        for module in MODULES:
            for name, x in self._iter_module(module.name, x):  # noqa: B020
                yield name, x
            if pool := POOL_AFTER.get(module.name):
                kernel = self.variant.pool4_kernel if pool.startswith("pool4") else 3
                x = max_pool(x, kernel, ceil_mode=True)
                yield pool, x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``: the last module."""
        *_, (_, output) = self._iter_module(MODULES[-1].name, x)
        return output

    def _iter_module(self, name: str, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        branches = []
        for steps in (("1x1",), ("3x3_reduce", "3x3"), ("5x5_reduce", "5x5")):
            y = x
            for step in steps:
                y = self._convolve(f"{name}/{step}", y)
                yield f"{name}/{step}", y
            branches.append(y)
        y = max_pool2d(x, 3, 1, 1)
        yield f"{name}/pool", y
        y = self._convolve(f"{name}/pool_proj", y)
        yield f"{name}/pool_proj", y
        yield f"{name}/output", torch.cat([*branches, y], 1)

    def _convolve(self, name: str, x: Tensor) -> Tensor:
        return convolve_relu(self.convolutions[name], x)

    def ignores(self, name: str) -> bool:
        """See ``Architecture.ignores``: the auxiliary classifiers."""
        return name.startswith(("loss1/", "loss2/", "aux1.", "aux2.")) or super().ignores(name)

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert Caffe's layers, or torchvision's state dict."""
        state: dict[str, Tensor] = {}
        if self.variant.has_lrn:
            for name in self.convolutions:
                target = f"convolutions.{name}"
                state |= convert_convolution(target, weights, name)
                state[f"{target}.bias"] = state[f"{target}.bias"].flatten()
            return state | convert_linear("labels", weights, "loss3/classifier")
        for name in self.convolutions:
            module, branch = name.split("/")
            source = _STEM.get(name) or f"{module.replace('_', '')}.{_BRANCHES[branch]}"
            pair = (f"{source}.conv", f"{source}.bn")
            state |= fold_batch_norm(f"convolutions.{name}", weights, *pair, TENSORFLOW_EPSILON)
        return state | convert_linear("labels", weights, "fc")
