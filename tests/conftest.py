"""What many tests share: a network of two convolutions with known weights."""

import signal
from collections.abc import Iterator, Mapping, Set

import pytest
import torch
from hypothesis import settings
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from puppyslug.networks.families import Family
from puppyslug.networks.network import Network
from puppyslug.networks.records import CLASS_MAP, NetworkRecord, PackagedWeights
from puppyslug.networks.records.layers import LayerTable

# A shell's background jobs ignore Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("untimed", deadline=None)  # the machine may be busy
settings.load_profile("untimed")


def toy_record() -> NetworkRecord:
    table = LayerTable()
    table.add("conv1", 4, kernel=3, padding=1)
    table.add("relu1", 4)
    table.add("pool1", 4, kernel=2, stride=2, padding=0)
    table.add("conv2", 6, kernel=3, padding=1)
    table.add("relu2", 6)
    table.add(CLASS_MAP, 8)
    return NetworkRecord(
        name="toy",
        title="two convolutions",
        family="toy",
        structure=(),
        layers=tuple(table.layers),
        default_layer="relu2",
        depths=("relu1", "relu2"),
        mean=(0.4, 0.5, 0.6),
        std=(0.5, 0.25, 0.5),
        scale=1.0,
        bgr=True,
        weights=PackagedWeights("nothing", "nothing.pth", "0" * 64),
        licence="none",
        credit="nobody",
        source="here",
        values_per_pixel=20,
        classes=8,
        vocabulary="imagenet",
        trained_at=32,
    )


class Toy(Family):
    """Convolutions to 4, 6 and 8 channels, with a pooling; it notes every layer that was run."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, 3, padding=1)
        self.third = nn.Conv2d(6, 8, 1)
        generator = torch.Generator().manual_seed(5)
        for parameter in self.parameters():
            with torch.no_grad():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
        self.run: list[str] = []

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:
        steps = (
            ("conv1", self.first),
            ("relu1", relu),
            ("pool1", lambda y: max_pool2d(y, 2)),
            ("conv2", self.second),
            ("relu2", relu),
            (CLASS_MAP, self.third),
        )
        for name, step in steps:
            x = step(x)
            self.run.append(name)
            yield name, x

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(weights)


@pytest.fixture
def toy_family() -> Toy:
    return Toy()


@pytest.fixture
def toy(toy_family: Toy) -> Network:
    return Network(toy_record(), toy_family)


@pytest.fixture
def picture() -> Tensor:
    """A random picture of 1×3×40×52, the same in every test."""
    return torch.rand(1, 3, 40, 52, generator=torch.Generator().manual_seed(3))
