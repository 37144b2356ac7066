"""SqueezeNet 1.1: fire modules, which squeeze to few channels and expand again (1602.07360)."""

from collections.abc import Iterator, Mapping, Set
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import convert_convolution
from puppyslug.networks.architectures.layers import convolve_relu, make_convolution, max_pool
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.squeezenet import STEM_CHANNELS, Fire

_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)  # torchvision's indices of fire2 to fire9


class FireModule(nn.Module):
    """A 1×1 squeeze, then 1×1 and 3×3 expansions, concatenated."""

    def __init__(self, in_channels: int, fire: Fire) -> None:
        super().__init__()
        self.squeeze = make_convolution(in_channels, fire.squeeze)
        self.expand1x1 = make_convolution(fire.squeeze, fire.expand)
        self.expand3x3 = make_convolution(fire.squeeze, fire.expand, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the module's output."""
        x = convolve_relu(self.squeeze, x)
        return torch.cat([convolve_relu(self.expand1x1, x), convolve_relu(self.expand3x3, x)], 1)


@register_architecture("squeezenet")
class SqueezeNet(Architecture):
    """SqueezeNet 1.1; the class map is conv10 after its ReLU."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.groups = cast("tuple[tuple[Fire, ...], ...]", spec.structure)
        self.conv1 = make_convolution(3, STEM_CHANNELS, 3, 2)
        self.fires = nn.ModuleList()
        channels = STEM_CHANNELS
        for fire in (fire for group in self.groups for fire in group):
            self.fires.append(FireModule(channels, fire))
            channels = 2 * fire.expand
        self.last_block_input = f"fire{len(self.fires)}"
        self.conv10 = make_convolution(channels, spec.classes)
        # Finetuned logits may be negative, so their class map is conv10 itself.
        self.has_final_relu = spec.finetuned is None

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.iter_layers``; every layer is yielded and none is overwritten."""
        x = convolve_relu(self.conv1, x)
        yield "conv1", x
        number, fires = 1, iter(self.fires)
        for group in self.groups:
            x = max_pool(x, ceil_mode=True)
            yield f"pool{number}", x
            for _ in group:
                number += 1
                x = next(fires)(x)
                yield f"fire{number}", x
        x = self.conv10(x)
        yield "conv10", x
        yield CLASS_MAP, relu(x) if self.has_final_relu else x

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.conv10

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``: the last fire module."""
        y: Tensor = self.fires[-1](x)
        return y

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert torchvision's state dict."""
        state = convert_convolution("conv1", weights, "features.0")
        state |= convert_convolution("conv10", weights, "classifier.1")
        for index, number in enumerate(_FIRES):
            for layer in ("squeeze", "expand1x1", "expand3x3"):
                state |= convert_convolution(
                    f"fires.{index}.{layer}", weights, f"features.{number}.{layer}"
                )
        return state
