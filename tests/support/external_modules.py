"""Torch modules as users bring them, with awkward properties."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

LABELS = ["cat", "dog", "house", "sky"]


def create_seeded(factory: Callable[[], nn.Module]) -> nn.Module:
    """Create a module with the same random weights in every test."""
    torch.manual_seed(7)
    return factory()


class Pair(nn.Module):
    """Outputs a tuple, which is no layer."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class ConvNet(nn.Module):
    """Odd strides and paddings, in-place operations and a classifier; records its runs."""

    def __init__(self) -> None:
        super().__init__()
        self.computed: list[str] = []
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 2), nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.body = nn.Sequential(nn.Conv2d(8, 12, 3, 2), nn.BatchNorm2d(12), nn.ReLU(inplace=True))
        self.pair = Pair()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(self.pool(self.stem(x)))
        self.computed.append("body")
        x, _ = self.pair(x)
        return self.head(self.average(x).flatten(1))


class Transformer(nn.Module):
    """A small vision transformer: patches, a class token, interpolated position embeddings."""

    def __init__(self, width: int = 24, patch: int = 8) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, width, 6, 6))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, 2 * width, batch_first=True, dropout=0, norm_first=True
            )
            for _ in range(3)
        )
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.patches(x)
        positions = nn.functional.interpolate(self.positions, maps.shape[-2:], mode="bilinear")
        tokens = (maps + positions).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens[:, 0])


class ChannelsLast(nn.Module):
    """A layer N×h×w×C; the sides of images must be multiples of 4."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 6, 4, 4)
        self.mixed = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] % 4 == 0, "sides must be multiples of 4"
        assert x.shape[-2] % 4 == 0, "sides must be multiples of 4"
        return self.mixed(self.patches(x).permute(0, 2, 3, 1))


class FixedSize(nn.Module):
    """Accepts images of 64×64 only."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, 8, 8)
        self.head = nn.Linear(4 * 64, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.patches(x).flatten(1))


class SharedSubmodule(nn.Module):
    """A submodule with two names, names that objectives cannot spell, a stride of 5."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 3, 3, padding=1)
        self.two = self.one
        self.add_module("odd-name", nn.Conv2d(3, 4, 5, stride=5))
        self.labels = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.labels(getattr(self, "odd-name")(self.two(self.one(x)))).mean((2, 3))


class NoGradient(nn.Module):
    """Computes its layer without gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.body(x)
