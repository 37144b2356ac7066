"""GoogLeNet: inception modules of four branches (arXiv:1409.4842), in its two forms."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import TENSORFLOW_EPSILON, classifier, fold, plain
from puppyslug.networks.architectures.layers import convolution, convolve_relu, halve
from puppyslug.networks.architectures.local_response_norm import LocalResponse
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.googlenet import MODULES, POOLED, STEM, Form

# what torchvision calls the stem's convolutions and a module's
_STEM = {"conv1/7x7_s2": "conv1", "conv2/3x3_reduce": "conv2", "conv2/3x3": "conv3"}
_BRANCHES = {
    "1x1": "branch1",
    "3x3_reduce": "branch2.0",
    "3x3": "branch2.1",
    "5x5_reduce": "branch3.0",
    "5x5": "branch3.1",
    "pool_proj": "branch4.1",
}


class GoogLeNet(Architecture):
    """A GoogLeNet without its auxiliary classifiers, which only helped to train it."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.form = cast("tuple[Form]", spec.structure)[0]
        self.convolutions = nn.ModuleDict(
            {
                "conv1/7x7_s2": convolution(3, STEM[0], 7, 2, 3),
                "conv2/3x3_reduce": convolution(STEM[0], STEM[1]),
                "conv2/3x3": convolution(STEM[1], STEM[2], 3, 1, 1),
            }
        )
        five, below = self.form.five, STEM[2]
        for module in MODULES:
            for branch, layer in (
                ("1x1", convolution(below, module.one)),
                ("3x3_reduce", convolution(below, module.three_reduce)),
                ("3x3", convolution(module.three_reduce, module.three, 3, 1, 1)),
                ("5x5_reduce", convolution(below, module.five_reduce)),
                ("5x5", convolution(module.five_reduce, module.five, five, 1, five // 2)),
                ("pool_proj", convolution(below, module.pool_proj)),
            ):
                self.convolutions[f"{module.name}/{branch}"] = layer
            below = module.channels
        self.norms = nn.ModuleList([LocalResponse(STEM[0]), LocalResponse(STEM[2])])
        self.top_from = f"{MODULES[-2].name}/output"
        self.labels = convolution(below, spec.classes)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.layers``; nothing that was yielded is overwritten."""
        x = self._convolve("conv1/7x7_s2", x)
        yield "conv1/7x7_s2", x
        x = halve(x, rounds_up=True)
        yield "pool1/3x3_s2", x
        if self.form.normalises:
            x = self.norms[0](x)
            yield "pool1/norm1", x
        for name in ("conv2/3x3_reduce", "conv2/3x3"):
            x = self._convolve(name, x)
            yield name, x
        if self.form.normalises:
            x = self.norms[1](x)
            yield "conv2/norm2", x
        x = halve(x, rounds_up=True)
        yield "pool2/3x3_s2", x
        for module in MODULES:
            for name, x in self._module(module.name, x):  # noqa: B020
                yield name, x
            if pool := POOLED.get(module.name):
                kernel = self.form.pool4 if pool.startswith("pool4") else 3
                x = halve(x, kernel, rounds_up=True)
                yield pool, x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``."""
        *_, (_, output) = self._module(MODULES[-1].name, x)
        return output

    def _module(self, name: str, x: Tensor) -> Iterator[tuple[str, Tensor]]:
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

    def spares(self, name: str) -> bool:
        """See ``Architecture.spares``: the auxiliary classifiers."""
        return name.startswith(("loss1/", "loss2/", "aux1.", "aux2.")) or super().spares(name)

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read Caffe's layers, or torchvision's state dict."""
        state: dict[str, Tensor] = {}
        if self.form.normalises:
            for name in self.convolutions:
                state |= plain(f"convolutions.{name}", weights, name)
                state[f"convolutions.{name}.bias"] = state[f"convolutions.{name}.bias"].flatten()
            return state | classifier("labels", weights, "loss3/classifier")
        for name in self.convolutions:
            module, branch = name.split("/")
            theirs = _STEM.get(name) or f"{module.replace('_', '')}.{_BRANCHES[branch]}"
            pair = (f"{theirs}.conv", f"{theirs}.bn")
            state |= fold(f"convolutions.{name}", weights, *pair, TENSORFLOW_EPSILON)
        return state | classifier("labels", weights, "fc")
