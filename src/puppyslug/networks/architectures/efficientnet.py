"""EfficientNet-Lite: inverted residual blocks without squeeze-and-excitation (arXiv:1905.11946).

Batch normalisation is folded into the convolutions when the weights are loaded.
"""

from collections.abc import Iterator, Mapping, Set

from torch import Tensor, nn
from torch.nn.functional import relu6

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.conversion import (
    TENSORFLOW_EPSILON,
    convert_linear,
    fold_batch_norm,
)
from puppyslug.networks.architectures.registry import register_architecture
from puppyslug.networks.kernels import DepthwiseConv2d, SameConv2d
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.efficientnet import HEAD_CHANNELS, STEM_CHANNELS, Block


class InvertedResidual(nn.Module):
    """Expand (unless the expansion is 1), depthwise convolution, project; plus the input."""

    def __init__(self, in_channels: int, block: Block) -> None:
        super().__init__()
        wide = in_channels * block.expansion
        self.expand = SameConv2d(in_channels, wide, 1) if block.expansion > 1 else None
        self.depthwise = DepthwiseConv2d(wide, block.kernel, block.stride)
        self.project = SameConv2d(wide, block.channels, 1)
        self.has_shortcut = block.stride == 1 and in_channels == block.channels

    def forward(self, x: Tensor) -> Tensor:
        """Compute the block's output."""
        wide = x if self.expand is None else relu6(self.expand(x))
        y: Tensor = self.project(relu6(self.depthwise(wide)))
        return x + y if self.has_shortcut else y


@register_architecture("efficientnet")
class EfficientNet(Architecture):
    """An EfficientNet-Lite with its classifier.

    The class map is the classifier applied at every position of the head. Its mean over positions
    is the network's logit, since pooling and classifier are linear.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.stem = SameConv2d(3, STEM_CHANNELS, 3, stride=2)
        self.blocks = nn.ModuleList()
        channels = STEM_CHANNELS
        for block in spec.structure:
            assert isinstance(block, Block)
            self.blocks.append(InvertedResidual(channels, block))
            channels = block.channels
        self.last_block_input = f"block_{len(self.blocks) - 2}"
        self.head = SameConv2d(channels, HEAD_CHANNELS, 1)
        self.labels = SameConv2d(HEAD_CHANNELS, spec.classes, 1)

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.iter_layers``; every layer is yielded and none is overwritten."""
        x = relu6(self.stem(x))
        yield "stem", x
        for index, block in enumerate(self.blocks):
            x = block(x)
            yield f"block_{index}", x
        x = relu6(self.head(x))
        yield "head", x
        yield CLASS_MAP, self.labels(x)

    @property
    def classifier(self) -> nn.Conv2d:
        """See ``Architecture.classifier``."""
        return self.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        """See ``Architecture.forward_last_block``: the last block and the head."""
        return relu6(self.head(self.blocks[-1](x)))

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert the state dict of lukemelas' EfficientNet-PyTorch, which the packages contain."""
        state = convert_linear("labels", weights, "_fc")
        for target, pair in self._sources().items():
            state |= fold_batch_norm(target, weights, *pair, TENSORFLOW_EPSILON)
        return state

    def normalisation_statistics(
        self, weights: Mapping[str, Tensor]
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """See ``Architecture.normalisation_statistics``."""
        return {
            target: (weights[f"{normalisation}.bias"], weights[f"{normalisation}.weight"].abs())
            for target, (_, normalisation) in self._sources().items()
        }

    def _sources(self) -> dict[str, tuple[str, str]]:
        """Return the file's names of each convolution and of its batch normalisation."""
        sources = {"stem": ("_conv_stem", "_bn0")}
        for index, block in enumerate(self.blocks):
            target, source = f"blocks.{index}", f"_blocks.{index}"
            if block.expand is not None:
                sources[f"{target}.expand"] = (f"{source}._expand_conv", f"{source}._bn0")
            sources[f"{target}.depthwise"] = (f"{source}._depthwise_conv", f"{source}._bn1")
            sources[f"{target}.project"] = (f"{source}._project_conv", f"{source}._bn2")
        sources["head"] = ("_conv_head", "_bn1")
        return sources
