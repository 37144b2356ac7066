"""Rendering of an atlas's portraits, batch by batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.visualization.atlas.plan import AtlasPlan, portrait_objective
from puppyslug.visualization.portraits import TRANSFORMS, portrait_steps


class BatchProgress(NamedTuple):
    """The state of a batch of portraits.

    Attributes:
        fraction: completed share, in [0, 1].
        images: N×3×size×size RGB in [0, 1] after the last step; None before.
    """

    fraction: float
    images: Tensor | None


# Renders batches in any order, and yields each batch with its progress after every step.
BatchRenderer = Callable[[Sequence[range]], Iterable[tuple[range, BatchProgress]]]


def render_batch(
    network: Network, plan: AtlasPlan, channels: Sequence[int]
) -> Iterator[BatchProgress]:
    """Render the portraits of some channels.

    Args:
        network: loaded as the plan says.
        plan: size, steps and seed of the portraits.
        channels: indices of the channels.

    Yields:
        The progress after every step.
    """
    steps = portrait_steps(
        [portrait_objective(network, plan.layer, number) for number in channels],
        network,
        size=plan.size,
        steps=plan.steps,
        seed=plan.seed,
        method=TRANSFORMS,
    )
    for step in steps:
        is_last = step.step + 1 == step.steps
        yield BatchProgress((step.step + 1) / step.steps, step.images if is_last else None)


def sequential_renderer(network: Network, plan: AtlasPlan) -> BatchRenderer:
    """Return a renderer that renders one batch after the other in this process."""
    return lambda batches: (
        (batch, progress) for batch in batches for progress in render_batch(network, plan, batch)
    )
