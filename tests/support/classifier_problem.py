"""A small classification problem: features of three clusters, and an architecture to pool them."""

import torch
from torch import Tensor, nn

from puppyslug.training.classifier import Examples

FEATURES = 12
BASE_CLASSES = 7


class OneBlock(nn.Module):
    """An architecture that consists of a last block, initially the identity, and a classifier."""

    def __init__(self, features: int = FEATURES, classes: int = BASE_CLASSES) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.block = nn.Conv2d(features, features, 1)
        with torch.no_grad():
            self.block.weight.copy_(torch.eye(features)[:, :, None, None])
            self.block.bias.zero_()
        self.labels = nn.Conv2d(features, classes, 1)
        self.requires_grad_(False)

    @property
    def classifier(self) -> nn.Conv2d:
        return self.labels

    def forward_last_block(self, x: Tensor) -> Tensor:
        return self.block(x)


def make_examples(features: Tensor, classes: int = 2) -> Examples:
    """Make examples of equal weight, of each class in turn and then of none."""
    kinds = classes + 1
    targets = torch.eye(kinds)[[number % kinds for number in range(len(features))]]
    weights = torch.full((len(features),), 1 / len(features), dtype=torch.float64)
    return Examples((features.float()[:, :, None, None].half(),), targets, weights)


def clustered_examples() -> Examples:
    """Make 90 examples of two classes and none, each a cluster around its own centre."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(4, FEATURES, generator=generator) * 2
    rows = [centres[n % 3] + torch.randn(FEATURES, generator=generator) for n in range(90)]
    return make_examples(torch.stack(rows))


def features_of(examples: Examples) -> Tensor:
    """Return the pooled inputs, which are the features of ``OneBlock`` before any training."""
    return examples.block_inputs[0].double().mean((2, 3))
