"""A worker's handle: the calls of its actor, in order."""

import pytest

from puppyslug.cluster.worker_handle import PREFETCH, WorkerHandle
from support.clusters import FakeBackend, FakePayload, this_process


def letters(network, text):
    yield from text


@pytest.fixture
def worker():
    return WorkerHandle.start(FakeBackend(), this_process(), FakePayload())


def next_result(worker):
    """Wait for the worker's next call, and return its result."""
    (future,) = worker.backend.wait([worker.pending[0]], timeout=1)
    assert future is worker.pending[0]
    return worker.next_result()


def test_the_first_call_reports_the_versions(worker):
    assert not worker.started
    assert next_result(worker) is None
    assert worker.started
    assert not worker.pending


def test_items_are_requested_in_advance_and_end_with_the_job(worker):
    next_result(worker)
    worker.assign("key", (letters, "ab"))
    assert worker.busy
    assert len(worker.pending) == 1 + PREFETCH
    assert next_result(worker) is None
    assert next_result(worker) == (True, "a")
    worker.request_item()
    assert next_result(worker) == (True, "b")
    assert next_result(worker) == (False, None)
    assert worker.release() == "key"
    assert not worker.busy


def test_calls_of_a_released_job_are_forgotten(worker):
    next_result(worker)
    worker.assign(1, (letters, "abc"))
    assert worker.release() == 1
    worker.assign(2, (letters, "xyz"))
    assert next_result(worker) is None
    assert next_result(worker) == (True, "x")


def test_stopping_ends_the_actor(worker):
    worker.stop()
    assert worker.actor.stopped
    assert not worker.pending
