"""A Ray cluster as a backend: capacity, errors of calls, a head node that is gone."""

import socket

import pytest

from puppyslug.cluster import Cluster, ray_cluster
from puppyslug.cluster.backend import WorkerLostError, WorkerResources
from puppyslug.errors import ClusterError, RecipeError

ray = pytest.importorskip("ray")


def test_the_capacity_counts_whole_workers_per_living_machine(monkeypatch):
    def node(cores, memory, alive=True):
        return {"Alive": alive, "Resources": {"CPU": cores, "memory": memory}}

    nodes = [node(4, 100e9), node(3, 100e9), node(8, 4.5e9), node(8, 100e9, alive=False)]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    resources = WorkerResources(2, memory=1_000_000_000)
    assert Cluster("auto").capacity(resources.by_name) == 2 + 1 + 2
    assert Cluster("auto").capacity(WorkerResources(1, "cuda").by_name) == 0


def raise_from(monkeypatch, error):
    def get(future):
        raise error

    monkeypatch.setattr(ray, "get", get)
    Cluster("ray://a:1").result("a future")


def task_error(cause):
    return ray.exceptions.RayTaskError("next_item", "a traceback", cause)


def test_an_error_of_the_job_is_raised_as_it_was(monkeypatch):
    with pytest.raises(RecipeError, match="a bad recipe"):
        raise_from(monkeypatch, task_error(RecipeError("a bad recipe")))


@pytest.mark.parametrize(
    "cause", [MemoryError("no memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_a_job_without_memory_is_a_loss(monkeypatch, cause):
    with pytest.raises(WorkerLostError, match=str(cause)) as caught:
        raise_from(monkeypatch, task_error(cause))
    assert caught.value.out_of_memory


def test_an_unexpected_error_names_its_type(monkeypatch):
    with pytest.raises(ClusterError, match=r"ValueError.*two lines"):
        raise_from(monkeypatch, task_error(ValueError("two\nlines")))


def test_a_dead_worker_is_a_loss(monkeypatch):
    with pytest.raises(WorkerLostError) as caught:
        raise_from(monkeypatch, ray.exceptions.ActorDiedError())
    assert not caught.value.out_of_memory
    with pytest.raises(WorkerLostError) as caught:
        raise_from(monkeypatch, ray.exceptions.OutOfMemoryError("node"))
    assert caught.value.out_of_memory


def test_a_worker_that_cannot_start_is_no_loss_but_an_error(monkeypatch):
    monkeypatch.setattr(ray.exceptions.RayActorError, "actor_init_failed", True)
    with pytest.raises(ClusterError, match="ray://a:1"):
        raise_from(monkeypatch, ray.exceptions.ActorDiedError())


def test_a_head_node_that_is_gone_is_an_error(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as head:
        cluster = Cluster("auto", head.getsockname())
        cluster.check_connection()
    monkeypatch.setattr(ray_cluster, "HEAD_TIMEOUT", 0.0)
    with pytest.raises(ClusterError, match="auto"):
        cluster.check_connection()
    Cluster("ray://a:1").check_connection()  # Ray's client notices the loss itself
