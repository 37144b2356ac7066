"""One picture in tiles on a fake backend."""

from dataclasses import replace

import pytest
import torch

from puppyslug.cluster.payload import NetworkPayload
from puppyslug.cluster.tiles import create_tile_executor, create_tile_pool
from puppyslug.cluster.worker_pool import WorkerPool
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.recipe import InputFiles, Recipe
from support.clusters import FakeBackend, FakePayload, LoseWorkers, this_process
from support.toy_dreams import prepare_toy


@pytest.mark.parametrize("lost", [(), (1, 4)])
@pytest.mark.parametrize("objective", ["relu2", "relu1 - 0.5*relu2:1"])
def test_tiles_on_workers_equal_tiles_in_this_process(toy, picture, objective, lost):
    parsed = prepare_toy(toy, picture, objective=objective).recipe.combined_objective()
    expected = value_and_gradient(toy, parsed, picture, (16, 16))
    backend = FakeBackend(3, LoseWorkers(*lost))
    with WorkerPool(backend, this_process(), FakePayload(toy)) as pool:
        executor = create_tile_executor(pool)
        found = value_and_gradient(toy, parsed, picture, (16, 16), executor)
    for result, other in zip(found, expected, strict=True):
        assert torch.equal(result, other)
    assert len(backend.actors) > 3


@pytest.fixture
def create(monkeypatch, toy):
    monkeypatch.setattr(NetworkPayload, "pack", lambda *_: FakePayload(toy))

    def create(size, room, **settings):
        image = torch.zeros(1).expand(1, 3, *size)
        prepared = replace(prepare_toy(toy, image, **settings), required_memory=1)
        requested = Recipe.complete({"objective": "relu2", **settings})
        return create_tile_pool(
            FakeBackend(room), prepared, requested, InputFiles(), lambda _: None
        )

    return create


@pytest.mark.parametrize("size", [(700, 300), (4096, 4096), (2161, 3840)])
@pytest.mark.parametrize("room", [1, 2, 7, 40])
def test_tiles_keep_all_workers_busy_but_are_not_too_small(create, size, room):
    pool, prepared = create(size, room)
    tile = prepared.recipe.tile_size(size)
    assert pool.max_workers <= room
    if tile is None:
        assert pool.max_workers == 1
        return
    count = -(-size[0] // tile[0]) * -(-size[1] // tile[1])
    assert count >= 2 * room or min(tile) < 512
    assert max(tile) <= 1040 + 16
    assert pool.max_workers == min(room, count)


def test_the_requested_tiles_are_kept(create):
    pool, prepared = create((200, 300), 9, tile="100x100")
    assert prepared.recipe.tile_size((200, 300)) == (100, 100)
    assert pool.max_workers == 6
