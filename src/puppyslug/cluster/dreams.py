"""Pictures on a cluster: many, each on one worker, or one in tiles on all of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from puppyslug.cluster.connection import Cluster
from puppyslug.cluster.payload import Sent, crew_for, needs_of
from puppyslug.cluster.worker_pool import MOST, Crew
from puppyslug.engine.loop import DreamStep, dream_prepared
from puppyslug.engine.preparation import Prepared
from puppyslug.errors import plural
from puppyslug.gradient.gradient import Spread
from puppyslug.gradient.memory import SPREAD_TILE, memory_needed, spread_tile
from puppyslug.gradient.tiles import halo_of, tiles
from puppyslug.images.sizes import display_size, format_size
from puppyslug.networks.network import Network
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import Files


class Dreamt(NamedTuple):
    """How far a picture is.

    Attributes:
        fraction: of its dream, in (0, 1].
        picture: the dream, with its recipe, once it is whole; else None.
        grew: whether anything is in it that was not in the photo.
    """

    fraction: float
    picture: Image.Image | None = None
    grew: bool = True


def dream_picture(network: Network, sent: Sent, alpha: Tensor | None) -> Iterator[Dreamt]:
    """Dream one picture on a worker."""
    last: DreamStep | None = None
    for last in dream_prepared(sent.on(network)):
        yield Dreamt(last.fraction)
    assert last is not None
    yield Dreamt(1.0, last.to_pil(alpha), last.grew)


def crew_for_tiles(
    cluster: Cluster,
    prepared: Prepared,
    asked: Recipe,
    files: Files,
    tell: Callable[[str], None],
) -> tuple[Crew, Prepared]:
    """Workers for the tiles of one picture, as many as there is room for.

    Args:
        cluster: where they are.
        prepared: what to dream.
        asked: the recipe as it was before; unless it says how much memory to use, or in which tiles
            to go, the picture goes in tiles that keep all workers busy.
        files: that its network was loaded from.
        tell: is told what the user should know.

    Returns:
        The workers, and the same dream in the tiles that they look at.
    """
    recipe, spec = prepared.recipe, prepared.network.spec
    layers = [spec.layer(name) for name in recipe.any_objective().layers]
    size = (prepared.image.shape[-2], prepared.image.shape[-1])
    around = 2 * halo_of(layers)

    def memory(tile: tuple[int, int]) -> int:
        crop = (min(size[0], tile[0] + around), min(size[1], tile[1] + around))
        return memory_needed(crop, spec, layers, prepared.network.precision, None)

    needs = needs_of(prepared, memory((SPREAD_TILE, SPREAD_TILE)))
    room = max(1, min(MOST, cluster.room(needs.resources)))
    tile = recipe.tile_for(size)
    if asked.memory is None and asked.tile == "auto":
        tile = spread_tile(size, layers, room)
    pieces = 1 if tile is None else sum(1 for _ in tiles(size, tile, layers))
    text = "whole" if tile is None else format_size(tile)
    how = "whole" if tile is None else f"in tiles of {text}"
    most = min(room, pieces)
    recipe = recipe.with_settings({"tile": text})
    plan = f"{display_size(size)}, {recipe.iterations} steps an octave, {how} on {plural(most, 'worker')}"
    needed = memory(tile or size)
    crew = crew_for(cluster, prepared, files, tell=tell, memory=needed, most=most)
    return crew, replace(prepared, recipe=recipe, plan=plan)


def spread_over(crew: Crew) -> Spread:
    """Have the tiles of a picture looked at by workers, for ``value_and_gradient``."""

    def spread(
        network: Network, look: Callable[..., Any], pieces: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        every = list(pieces)
        found: dict[int, Any] = {}
        number = 0
        jobs = crew.stream(range(len(every)), lambda index: (_look, look, *_packed(every[index])))
        for index, result in jobs:
            found[index] = result
            while number in found:
                yield _moved(found.pop(number), network.device)
                number += 1

    return spread


class _Numbers(NamedTuple):
    """A tensor on its way: its numbers alone, not all of the picture that they are a part of."""

    array: NDArray[Any]


def _packed(arguments: Iterable[Any]) -> list[Any]:
    return [
        _Numbers(np.ascontiguousarray(one.detach().cpu().numpy()))
        if isinstance(one, Tensor)
        else one
        for one in arguments
    ]


def _look(network: Network, look: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    unpacked = (
        torch.from_numpy(one.array.copy()) if isinstance(one, _Numbers) else one
        for one in arguments
    )
    result = look(network, *(_moved(one, network.device) for one in unpacked))
    yield _moved(result, torch.device("cpu"))


def _moved(value: Any, device: torch.device) -> Any:
    """Tensors, also those in a list or a plain tuple, on a device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if type(value) in (list, tuple):
        return type(value)(_moved(one, device) for one in value)
    return value
