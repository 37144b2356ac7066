"""Small dreams of the toy network, and tile executors that fail on purpose."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.gradient.executor import TileExecutor
from puppyslug.networks.network import Network
from puppyslug.recipe import Recipe


def toy_recipe(**settings: object) -> Recipe:
    """A recipe of three octaves of four steps, unless the settings differ."""
    return Recipe.complete(
        {"octaves": 3, "iterations": 4, "jitter": 5, "objective": "relu2", **settings}
    )


def last_step(
    image: torch.Tensor | PreparedDream,
    recipe: Recipe | None = None,
    network: Network | None = None,
    **arguments: Any,
) -> DreamStep:
    """Run a dream, and return its last step."""
    *_, last = dream_steps(image, recipe, network, **arguments)
    return last


def constant_gradient(value: float) -> TileExecutor:
    """An executor whose gradients are constant, whatever the network computes."""

    def execute(
        network: Network, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        for _, crop, *_ in arguments:
            yield torch.ones(len(crop)), torch.full_like(crop, value)

    return execute


def limited_memory(max_side: int) -> TileExecutor:
    """An executor that runs out of memory if a crop is larger than ``max_side``."""

    def execute(
        network: Network, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        for each in arguments:
            if max(each[1].shape[-2:]) > max_side:
                raise torch.OutOfMemoryError("CUDA out of memory")
            yield function(network, *each)

    return execute
