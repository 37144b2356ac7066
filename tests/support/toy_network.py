"""A network of two convolutions with known weights."""

from collections.abc import Iterator, Mapping, Set

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from puppyslug.networks.architectures import Architecture
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec, PackagedWeights
from puppyslug.networks.specs.layer_geometry import LayerTable


def toy_spec() -> NetworkSpec:
    table = LayerTable()
    table.add("conv1", 4, kernel=3, padding=1)
    table.add("relu1", 4)
    table.add("pool1", 4, kernel=2, stride=2, padding=0)
    table.add("conv2", 6, kernel=3, padding=1)
    table.add("relu2", 6)
    table.add(CLASS_MAP, 8)
    return NetworkSpec(
        name="toy",
        title="two convolutions",
        architecture="toy",
        structure=(),
        layers=tuple(table.layers),
        default_layer="relu2",
        preview_layers=("relu1", "relu2"),
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


class Toy(Architecture):
    """Convolutions to 4, 6 and 8 channels, with a pooling; ``computed`` records every layer run."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, 3, padding=1)
        self.third = nn.Conv2d(6, 8, 1)
        generator = torch.Generator().manual_seed(5)
        for parameter in self.parameters():
            with torch.no_grad():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
        self.computed: list[str] = []

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:
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
            self.computed.append(name)
            yield name, x

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(weights)
