"""SqueezeNet 1.1: fire modules, which squeeze to few channels and expand again (1602.07360)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import plain
from puppyslug.networks.architectures.layers import convolution, convolve_relu, halve
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.squeezenet import STEM_CHANNELS, Fire

_THEIRS = (3, 4, 6, 7, 9, 10, 11, 12)  # torchvision's numbers of fire2 to fire9


class FireModule(nn.Module):
    """A 1×1 squeeze, then 1×1 and 3×3 expansions side by side."""

    def __init__(self, below: int, fire: Fire) -> None:
        super().__init__()
        self.squeeze = convolution(below, fire.squeeze)
        self.expand1x1 = convolution(fire.squeeze, fire.expand)
        self.expand3x3 = convolution(fire.squeeze, fire.expand, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the module's output."""
        x = convolve_relu(self.squeeze, x)
        return torch.cat([convolve_relu(self.expand1x1, x), convolve_relu(self.expand3x3, x)], 1)


class SqueezeNet(Architecture):
    """SqueezeNet 1.1; the class map is conv10 after its ReLU."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.groups = cast("tuple[tuple[Fire, ...], ...]", spec.structure)
        self.conv1 = convolution(3, STEM_CHANNELS, 3, 2)
        self.fires = nn.ModuleList()
        below = STEM_CHANNELS
        for fire in (fire for group in self.groups for fire in group):
            self.fires.append(FireModule(below, fire))
            below = 2 * fire.expand
        self.top_from = f"fire{len(self.fires)}"
        self.conv10 = convolution(below, spec.classes)
        self.cut_off = spec.taught is None

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.layers``; nothing that was yielded is overwritten."""
        x = convolve_relu(self.conv1, x)
        yield "conv1", x
        number, fires = 1, iter(self.fires)
        for group in self.groups:
            x = halve(x, rounds_up=True)
            yield f"pool{number}", x
            for _ in group:
                number += 1
                x = next(fires)(x)
                yield f"fire{number}", x
        x = self.conv10(x)
        yield "conv10", x
        yield CLASS_MAP, relu(x) if self.cut_off else x

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``; once it is taught, nothing is cut off at 0 behind it."""
        return self.conv10

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``."""
        y: Tensor = self.fires[-1](x)
        return y

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read torchvision's state dict."""
        state = plain("conv1", weights, "features.0") | plain("conv10", weights, "classifier.1")
        for ours, theirs in enumerate(_THEIRS):
            for layer in ("squeeze", "expand1x1", "expand3x3"):
                state |= plain(f"fires.{ours}.{layer}", weights, f"features.{theirs}.{layer}")
        return state
