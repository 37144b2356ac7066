"""Inception v3: modules of branches with factorised convolutions (arXiv:1512.00567)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import (
    TENSORFLOW_EPSILON,
    convert_linear,
    fold_batch_norm,
)
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution, max_pool
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.inception import (
    Branch,
    Conv,
    Fork,
    Mixed,
    Pool,
    Stem,
    output_channels,
)


@register_architecture("inception")
class Inception(Architecture):
    """Inception v3 without its auxiliary classifier, which serves training only."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.parts = cast("tuple[Stem | Mixed, ...]", spec.structure)
        self.convolutions = nn.ModuleDict()
        channels = 3
        for part in self.parts:
            branches = _branches(part)
            for branch in branches:
                self._add_branch(part.name, branch, channels)
            channels = sum(output_channels(branch, channels) for branch in branches)
        self.last_block_input = self.parts[-2].name
        self.labels = make_convolution(channels, spec.classes)

    def _add_branch(self, part: str, branch: Branch, channels: int) -> None:
        for step in branch:
            for conv in _convolutions(step):
                self.convolutions[_module_name(part, conv)] = make_convolution(
                    channels, conv.channels, conv.kernel, conv.stride, conv.padding
                )
            channels = output_channels((step,), channels)

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.iter_layers``; every layer is yielded and none is overwritten."""
        for part in self.parts:
            x = self._forward_part(part, x)
            yield part.name, x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``: the last module."""
        return self._forward_part(self.parts[-1], x)

    def _forward_part(self, part: Stem | Mixed, x: Tensor) -> Tensor:
        outputs = []
        for branch in _branches(part):
            y = x
            for step in branch:
                y = self._forward_step(part.name, step, y)
            outputs.append(y)
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, 1)

    def _forward_step(self, part: str, step: Conv | Pool | Fork, x: Tensor) -> Tensor:
        if isinstance(step, Pool):
            return max_pool(x) if step.maximum else avg_pool2d(x, 3, 1, 1)
        outputs = [
            convolve_relu(self.convolutions[_module_name(part, conv)], x)
            for conv in _convolutions(step)
        ]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, 1)

    def ignores(self, name: str) -> bool:
        """See ``Architecture.ignores``: the auxiliary classifier."""
        return name.startswith("AuxLogits.") or super().ignores(name)

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert torchvision's state dict."""
        state = convert_linear("labels", weights, "fc")
        for name in self.convolutions:
            source = name.replace("/", ".")
            pair = (f"{source}.conv", f"{source}.bn")
            state |= fold_batch_norm(f"convolutions.{name}", weights, *pair, TENSORFLOW_EPSILON)
        return state


def _branches(part: Stem | Mixed) -> tuple[Branch, ...]:
    return ((part.step,),) if isinstance(part, Stem) else part.branches


def _convolutions(step: Conv | Pool | Fork) -> tuple[Conv, ...]:
    if isinstance(step, Pool):
        return ()
    return (step,) if isinstance(step, Conv) else (step.left, step.right)


def _module_name(part: str, conv: Conv) -> str:
    return f"{part}/{conv.name}" if conv.name else part
