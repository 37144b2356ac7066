"""Small random networks of every kind that users bring."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from support.external_modules import ConvNet, Transformer

LABELS = ["cat", "dog", "house", "sky"]


class Kind(NamedTuple):
    """A kind of network.

    Attributes:
        create: creates the module.
        layer: a layer to dream of.
        logits: returns the logits from the module's output; None if there are none.
        options: of ``Network.from_module``.
        pooled: whether the head is pooling and linear, so that the class map has positions.
        side: of its portraits, in pixels; None for the only size that it accepts.
    """

    create: Callable[[], nn.Module]
    layer: str
    logits: Callable[[Any], Tensor] | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    pooled: bool = False
    side: int | None = 32


def convolutions(channels: int = 3) -> nn.Sequential:
    """Two convolutions, pooling and a linear classifier."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(channels, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(inplace=True)),
        nn.Conv2d(8, 6, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(6, 4),
    )


def digits() -> nn.Sequential:
    """A grey image of 28×28 only: a linear layer after flattening."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6 * 144, 4)
    )


def perceptron() -> nn.Sequential:
    """A grey image of 28×28 only, without any map."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 4))


class PlainTransformer(Transformer):
    """A vision transformer for images of 48×48 only."""

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-2:] == (48, 48), "the size must be 48×48"
        return super().forward(x)


class WindowTransformer(nn.Module):
    """Attention in windows of N×h×w×C, and merged patches, for images of 32×32 only (as Swin)."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.norm = nn.LayerNorm(8)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0) for _ in range(2)
        )
        self.merge = nn.Linear(32, 12)
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-2:] == (32, 32), "the size must be 32×32"
        x = self.norm(self.patches(x).permute(0, 2, 3, 1))
        for block in self.blocks:
            windows = x.reshape(-1, 2, 4, 2, 4, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, 8)
            windows = block(windows)
            x = windows.reshape(-1, 2, 2, 4, 4, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 8, 8, 8)
        merged = x.reshape(-1, 4, 2, 4, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, 4, 32)
        return self.head(self.merge(merged).mean((1, 2)))


class Outputs(nn.Module):
    """Wraps a network, and outputs what a function makes of its features and logits."""

    def __init__(self, combine: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.network = convolutions()
        self._combine = combine

    def forward(self, x: Tensor) -> Any:
        features = self.network[:2](x)
        return self._combine(features, self.network[2:](features))


@dataclasses.dataclass
class Prediction:
    """The output of a network, as in transformers."""

    loss: None
    logits: Tensor
    hidden: list[Tensor]


def join(features: Tensor, logits: Tensor) -> list[Tensor]:
    return [features, logits]


def name(features: Tensor, logits: Tensor) -> dict[str, Tensor]:
    return {"maps": features, "aux": logits * 2, "logits": logits}


def predict(features: Tensor, logits: Tensor) -> Prediction:
    return Prediction(None, logits, [features, features.relu()])


class DenseHead(nn.Module):
    """A ReLU between the last layer and pooling, which is no submodule (as DenseNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.BatchNorm2d(6))
        self.classifier = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).relu().mean((2, 3)))


def traced() -> nn.Module:
    return torch.jit.trace(convolutions().eval(), torch.rand(1, 3, 32, 32))


def scripted() -> nn.Module:
    return torch.jit.script(convolutions())


KINDS = {
    "pooling and linear": Kind(convolutions, "1", lambda out: out, pooled=True),
    "one channel": Kind(lambda: convolutions(1), "0", lambda out: out, pooled=True),
    "one channel, fixed size": Kind(digits, "2", lambda out: out, side=None),
    "no map": Kind(perceptron, "1", lambda out: out, side=None),
    "five channels": Kind(
        lambda: convolutions(5), "1", lambda out: out, {"channels": (3, 2, 1)}, pooled=True
    ),
    "plain transformer": Kind(PlainTransformer, "blocks.1", lambda out: out, side=None),
    "window transformer": Kind(WindowTransformer, "merge", lambda out: out, pooled=True, side=None),
    "bare layer": Kind(lambda: nn.Conv2d(3, 5, 3), "output"),
    "traced": Kind(traced, "0.1.relu", lambda out: out, pooled=True),
    "scripted": Kind(scripted, "0", lambda out: out, pooled=True),
    "list": Kind(lambda: Outputs(join), "output", lambda out: out[1], pooled=True),
    "dict": Kind(
        lambda: Outputs(name),
        "output.maps",
        lambda out: out["logits"],
        {"output": "logits"},
        pooled=True,
    ),
    "dataclass": Kind(
        lambda: Outputs(predict), "output.hidden.1", lambda out: out.logits, pooled=True
    ),
    "relu in the head": Kind(DenseHead, "features.0", lambda out: out, pooled=True),
    "strided submodules": Kind(ConvNet, "body", lambda out: out, pooled=True),
}
