"""EfficientNet-Lite: inverted residual blocks without squeeze-and-excitation (arXiv:1905.11946).

Batch normalisation is folded into the convolutions when the weights are read.
"""

from collections.abc import Iterator, Mapping, Set

from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, relu6

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.batch_norm import TENSORFLOW_EPSILON, classifier, fold
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.efficientnet import HEAD_CHANNELS, STEM_CHANNELS, Block


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding: an odd pixel goes to the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve N×C×H×W to N×C'×⌈H/stride⌉×⌈W/stride⌉."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return conv2d(x, self.weight, self.bias, 1, kernel // 2, groups=self.groups)
        sides: list[int] = []
        for length in (x.shape[-1], x.shape[-2]):
            total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
            sides += [total // 2, total - total // 2]
        return conv2d(pad(x, sides), self.weight, self.bias, stride, groups=self.groups)


def _convolution(
    below: int, channels: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> SameConv2d:
    return SameConv2d(below, channels, kernel, stride, groups=groups)


class InvertedResidual(nn.Module):
    """Expand (unless the expansion is 1), depthwise convolution, project; plus the input."""

    def __init__(self, below: int, block: Block) -> None:
        super().__init__()
        wide = below * block.expansion
        self.expand = _convolution(below, wide) if block.expansion > 1 else None
        self.depthwise = _convolution(wide, wide, block.kernel, block.stride, groups=wide)
        self.project = _convolution(wide, block.channels)
        self.adds_input = block.stride == 1 and below == block.channels

    def forward(self, x: Tensor) -> Tensor:
        """Compute the block's output."""
        wide = x if self.expand is None else relu6(self.expand(x))
        y: Tensor = self.project(relu6(self.depthwise(wide)))
        return x + y if self.adds_input else y


class EfficientNet(Architecture):
    """An EfficientNet-Lite with its head.

    The last layer, ``labels``, is the class map: the classifier applied at every position of the
    head. Its mean over positions is the network's logit, since pooling and classifier are linear.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.stem = _convolution(3, STEM_CHANNELS, 3, stride=2)
        self.blocks = nn.ModuleList()
        below = STEM_CHANNELS
        for block in spec.structure:
            assert isinstance(block, Block)
            self.blocks.append(InvertedResidual(below, block))
            below = block.channels
        self.top_from = f"block_{len(self.blocks) - 2}"
        self.head = _convolution(below, HEAD_CHANNELS)
        self.labels = _convolution(HEAD_CHANNELS, spec.classes)

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:  # noqa: ARG002
        """See ``Architecture.layers``; nothing is overwritten here."""
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

    def top(self, x: Tensor) -> Tensor:
        """See ``Architecture.top``: the last block and the head."""
        return relu6(self.head(self.blocks[-1](x)))

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read the state dict of lukemelas' EfficientNet-PyTorch, which the packages carry."""
        pairs = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
        for index, block in enumerate(self.blocks):
            theirs, ours = f"_blocks.{index}", f"blocks.{index}"
            if block.expand is not None:
                pairs[f"{ours}.expand"] = (f"{theirs}._expand_conv", f"{theirs}._bn0")
            pairs[f"{ours}.depthwise"] = (f"{theirs}._depthwise_conv", f"{theirs}._bn1")
            pairs[f"{ours}.project"] = (f"{theirs}._project_conv", f"{theirs}._bn2")
        state = classifier("labels", weights, "_fc")
        for ours, pair in pairs.items():
            state |= fold(ours, weights, *pair, TENSORFLOW_EPSILON)
        return state
