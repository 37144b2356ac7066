"""An atlas on a fake backend."""

import torch

from puppyslug.cluster.atlas import create_atlas_pool, distribute_batches
from puppyslug.cluster.payload import NetworkPayload
from puppyslug.cluster.worker_pool import WorkerPool
from puppyslug.recipe import InputFiles
from puppyslug.visualization.atlas.plan import AtlasPlan
from puppyslug.visualization.atlas.renderer import sequential_renderer
from support.clusters import FakeBackend, FakePayload, LoseWorkers, this_process

PLAN = AtlasPlan(
    network="toy", layer="relu2", weights="0" * 64, channels=6, size=32, steps=2, seed=0,
    precision="float32", winograd=0, batch=4,
)  # fmt: skip


def finished(batches):
    return {channels: progress.images for channels, progress in batches if progress.fraction == 1}


def test_portraits_equal_those_of_one_machine(toy):
    backend = FakeBackend(2, LoseWorkers(2))
    with WorkerPool(backend, this_process(), FakePayload(toy)) as pool:
        found = finished(distribute_batches(pool, PLAN)(PLAN.batches))
    expected = finished(sequential_renderer(toy, PLAN)(PLAN.batches))
    assert [*expected] == [range(4), range(4, 6)]
    for channels, images in expected.items():
        assert torch.equal(found[channels], images)


def test_a_worker_computes_with_this_processs_threads(toy, monkeypatch):
    monkeypatch.setattr(NetworkPayload, "pack", lambda *_: FakePayload(toy))
    pool = create_atlas_pool(FakeBackend(), toy, InputFiles(), PLAN, lambda _: None)
    assert pool.resources.threads == torch.get_num_threads()
    assert pool.resources.device == "cpu"
    assert pool.resources.memory > 0
