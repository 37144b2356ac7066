"""One picture on a cluster: its tiles are evaluated by all workers in every step."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from puppyslug.cluster.backend import Backend
from puppyslug.cluster.worker_pool import MAX_WORKERS, WorkerPool, create_pool, resources_for
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.errors import plural
from puppyslug.gradient.executor import TileExecutor
from puppyslug.gradient.memory import MAX_WORKER_TILE, estimate_memory, plan_worker_tiles
from puppyslug.gradient.tiles import halo_size, split_into_tiles
from puppyslug.images.sizes import Size, display_size, format_size
from puppyslug.networks.network import Network
from puppyslug.recipe import InputFiles, Recipe


def create_tile_pool(
    backend: Backend,
    prepared: PreparedDream,
    requested: Recipe,
    files: InputFiles,
    on_message: Callable[[str], None],
) -> tuple[WorkerPool, PreparedDream]:
    """Create a pool for the tiles of one picture, as large as the cluster's capacity.

    Args:
        backend: the cluster to run on.
        prepared: the prepared dream.
        requested: the recipe before preparation; unless it sets the memory or the tile size, the
            tiles are chosen to keep all workers busy.
        files: files from which its network was loaded.
        on_message: called with messages for the user.

    Returns:
        The pool, and the prepared dream with these tiles.
    """
    plan = _plan_tiles(backend, prepared, requested)
    text = "whole" if plan.tile is None else format_size(plan.tile)
    division = "whole" if plan.tile is None else f"in tiles of {text}"
    recipe = prepared.recipe.with_settings({"tile": text})
    summary = (
        f"{display_size(prepared.size)}, {recipe.iterations} steps per octave, {division} on "
        f"{plural(plan.workers, 'worker')}"
    )
    pool = create_pool(
        backend,
        prepared,
        files,
        on_message=on_message,
        memory=plan.memory,
        max_workers=plan.workers,
    )
    return pool, replace(prepared, recipe=recipe, plan=summary)


class _TilePlan(NamedTuple):
    """How a picture is divided.

    Attributes:
        tile: (height, width) of a tile; None for the whole picture.
        workers: number of workers.
        memory: bytes that a tile needs.
    """

    tile: Size | None
    workers: int
    memory: int


def _plan_tiles(backend: Backend, prepared: PreparedDream, requested: Recipe) -> _TilePlan:
    spec, size = prepared.network.spec, prepared.size
    layers = [spec.layer(name) for name in prepared.recipe.combined_objective().layers]
    margin = 2 * halo_size(layers)

    def memory_of(tile: Size) -> int:
        crop = (min(size[0], tile[0] + margin), min(size[1], tile[1] + margin))
        return estimate_memory(crop, spec, layers, prepared.network.precision, None)

    resources = resources_for(prepared, memory_of((MAX_WORKER_TILE, MAX_WORKER_TILE)))
    capacity = max(1, min(MAX_WORKERS, backend.capacity(resources.by_name)))
    tile = prepared.recipe.tile_size(size)
    if requested.memory is None and requested.tile == "auto":
        tile = plan_worker_tiles(size, layers, capacity)
    count = 1 if tile is None else sum(1 for _ in split_into_tiles(size, tile, layers))
    return _TilePlan(tile, min(capacity, count), memory_of(tile or size))


def create_tile_executor(pool: WorkerPool) -> TileExecutor:
    """Return an executor that evaluates tiles on the workers of a pool."""

    def execute(
        network: Network, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        calls = list(arguments)
        results: dict[int, Any] = {}
        position = 0
        jobs = pool.stream(
            range(len(calls)), lambda index: (_evaluate, function, *_pack(calls[index]))
        )
        for index, result in jobs:
            results[index] = result
            while position in results:
                yield _to_device(results.pop(position), network.device)
                position += 1

    return execute


class _PackedTensor(NamedTuple):
    """A tensor as an array of its own; pickling a view would send the whole picture."""

    array: NDArray[Any]


def _pack(arguments: Iterable[Any]) -> list[Any]:
    return [
        _PackedTensor(np.ascontiguousarray(argument.detach().cpu().numpy()))
        if isinstance(argument, Tensor)
        else argument
        for argument in arguments
    ]


def _evaluate(network: Network, function: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    """Evaluate a tile; a job for a worker pool."""
    unpacked = (
        torch.from_numpy(argument.array.copy()) if isinstance(argument, _PackedTensor) else argument
        for argument in arguments
    )
    result = function(network, *(_to_device(argument, network.device) for argument in unpacked))
    yield _to_device(result, torch.device("cpu"))


def _to_device(value: Any, device: torch.device) -> Any:
    """Move tensors to a device, also those in a list or a plain tuple."""
    if isinstance(value, Tensor):
        return value.to(device)
    if type(value) in (list, tuple):
        return type(value)(_to_device(item, device) for item in value)
    return value
