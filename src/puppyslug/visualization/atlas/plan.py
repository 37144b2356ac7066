"""The plan of an atlas: which portraits it contains, and how they are rendered."""

import math
import time
from dataclasses import dataclass

import torch

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.labels import Label
from puppyslug.networks.kernels.method import TORCH
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import Batch, Objective, channel
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.visualization.portraits import optimisation_settings, validate_portrait

BATCH_SIZE = 16  # as fast as a larger one, and an interrupted build loses little
_MIN_SIZE_MULTIPLE = 16  # of a size that is rounded up to fit a layer
_TIMED_PORTRAITS = 4  # for an estimate


@dataclass(frozen=True)
class AtlasPlan:
    """Everything that determines the portraits of an atlas.

    The field names are a file format: an unfinished build stores them as JSON.

    Attributes:
        network: name of the network.
        layer: name of the layer; ``"labels"`` for classes.
        weights: SHA-256 of the network's weights.
        channels: number of portraits.
        size: side length of a portrait in pixels.
        steps: number of steps for each portrait.
        seed: of the initial noise and the transforms.
        precision: name of the floating-point type.
        winograd: number of channels from which 3×3 convolutions use Winograd's method; 0 for none.
        batch: number of portraits that are rendered at a time.
        kernels: what computes Winograd's method, ``"native"`` or ``"torch"``.
    """

    network: str
    layer: str
    weights: str
    channels: int
    size: int
    steps: int
    seed: int
    precision: str
    winograd: int
    batch: int = BATCH_SIZE
    kernels: str = TORCH

    @property
    def batches(self) -> list[range]:
        """The channels, grouped into the batches that are rendered together."""
        return [
            range(first, min(first + self.batch, self.channels))
            for first in range(0, self.channels, self.batch)
        ]


def plan_atlas(
    network: Network,
    layer: str,
    *,
    size: int | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> AtlasPlan:
    """Plan the portraits of a whole layer.

    Args:
        network: loaded with ``winograd="steady"``, so that a resumed build computes the same.
        layer: name of the layer; ``"labels"`` for classes.
        size: side length of a portrait in pixels; default: that of the layer's kind, or larger
            where the layer needs it.
        steps: number of steps for each portrait; default: that of the layer's kind.
        seed: of the initial noise and the transforms.

    Raises:
        NetworkError: no such layer.
        ObjectiveError: the size is too small for the layer.
    """
    spec = network.spec.layer(layer)
    objective = portrait_objective(network, spec.name, 0)
    settings = optimisation_settings([objective])
    min_size = math.ceil(spec.min_size / _MIN_SIZE_MULTIPLE) * _MIN_SIZE_MULTIPLE
    size = size or network.spec.input_side or max(settings.size, min_size)
    validate_portrait(objective, network.spec, size)
    return AtlasPlan(
        network=network.spec.name,
        layer=spec.name,
        weights=network.weights_sha256,
        channels=spec.channels,
        size=size,
        steps=steps or settings.steps,
        seed=seed,
        precision=network.precision,
        winograd=network.winograd_min_channels,
        kernels=network.convolution.kernels,
    )


def class_label(network: Network, layer: str, number: int) -> Label | None:
    """Return the label of a class, if the layer is a class map; None for other layers."""
    if network.spec.layer(layer).name != CLASS_MAP or network.vocabulary is None:
        return None
    return network.vocabulary.labels[number]


def portrait_objective(network: Network, layer: str, number: int) -> Objective:
    """Return the objective of a channel's portrait; in a class map, that of the class."""
    label = class_label(network, layer, number)
    return (
        channel(layer, number) if label is None else Objective(((1.0, SeeTerm(CLASS_MAP, label)),))
    )


def estimate_seconds(network: Network, plan: AtlasPlan, portraits: int) -> float:
    """Estimate how long portraits will take, from the duration of one step of a small batch."""
    channels = range(min(_TIMED_PORTRAITS, plan.channels))
    objective = Batch(tuple(portrait_objective(network, plan.layer, n) for n in channels))
    images = torch.rand(len(channels), 3, plan.size, plan.size, device=network.device)
    seconds = math.inf
    for _ in range(2):  # the first run warms up
        start = time.perf_counter()
        value_and_gradient(network, objective, images)
        seconds = min(seconds, time.perf_counter() - start)
    return seconds / len(channels) * plan.steps * portraits
