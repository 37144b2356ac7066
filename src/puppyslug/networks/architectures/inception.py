"""Inception v3: modules of branches whose convolutions are taken apart (arXiv:1512.00567)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import TENSORFLOW_EPSILON, classifier, fold
from puppyslug.networks.architectures.layers import convolution, convolve_relu, halve
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.inception import (
    Branch,
    Conv,
    Fork,
    Mixed,
    Pool,
    Stem,
    channels_after,
)


class Inception(Architecture):
    """Inception v3 without its auxiliary classifier, which only helped to train it."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.parts = cast("tuple[Stem | Mixed, ...]", spec.structure)
        self.convolutions = nn.ModuleDict()
        below = 3
        for part in self.parts:
            branches = _branches(part)
            for branch in branches:
                self._build(part.name, branch, below)
            below = sum(channels_after(branch, below) for branch in branches)
        self.top_from = self.parts[-2].name
        self.labels = convolution(below, spec.classes)

    def _build(self, part: str, branch: Branch, below: int) -> None:
        for step in branch:
            for conv in _convolutions(step):
                layer = convolution(below, conv.channels, conv.kernel, conv.stride, conv.padding)
                self.convolutions[_path(part, conv)] = layer
            below = channels_after((step,), below)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.layers``; nothing that was yielded is overwritten."""
        for part in self.parts:
            x = self._part(part, x)
            yield part.name, x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``."""
        return self._part(self.parts[-1], x)

    def _part(self, part: Stem | Mixed, x: Tensor) -> Tensor:
        outputs = []
        for branch in _branches(part):
            y = x
            for step in branch:
                y = self._step(part.name, step, y)
            outputs.append(y)
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, 1)

    def _step(self, part: str, step: Conv | Pool | Fork, x: Tensor) -> Tensor:
        if isinstance(step, Pool):
            return halve(x) if step.maximum else avg_pool2d(x, 3, 1, 1)
        found = [
            convolve_relu(self.convolutions[_path(part, conv)], x) for conv in _convolutions(step)
        ]
        return found[0] if len(found) == 1 else torch.cat(found, 1)

    def spares(self, name: str) -> bool:
        """See ``Architecture.spares``: the auxiliary classifier."""
        return name.startswith("AuxLogits.") or super().spares(name)

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read torchvision's state dict."""
        state = classifier("labels", weights, "fc")
        for name in self.convolutions:
            theirs = name.replace("/", ".")
            pair = (f"{theirs}.conv", f"{theirs}.bn")
            state |= fold(f"convolutions.{name}", weights, *pair, TENSORFLOW_EPSILON)
        return state


def _branches(part: Stem | Mixed) -> tuple[Branch, ...]:
    return ((part.step,),) if isinstance(part, Stem) else part.branches


def _convolutions(step: Conv | Pool | Fork) -> tuple[Conv, ...]:
    if isinstance(step, Pool):
        return ()
    return (step,) if isinstance(step, Conv) else (step.left, step.right)


def _path(part: str, conv: Conv) -> str:
    return f"{part}/{conv.name}" if conv.name else part
