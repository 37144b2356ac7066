"""The worker pool on a fake backend: order, losses, failures, notices, interruption."""

import pytest

from puppyslug.cluster import worker_pool
from puppyslug.cluster.backend import WorkerLostError
from puppyslug.cluster.worker_pool import MAX_LOSSES, OUT_OF_MEMORY_LOSSES, WorkerPool
from puppyslug.errors import ClusterError, RecipeError
from support.clusters import FakeBackend, FakePayload, LoseWorkers, this_process


def create_pool(backend, **options):
    return WorkerPool(backend, this_process(), FakePayload("a network"), **options)


def count_to(network, last, first=0):
    """A job that yields the numbers up to ``last``."""
    assert network == "a network"
    yield from range(first, last)


def fail_at_once(network):
    yield from ()
    raise RecipeError("a bad recipe")


def items_by_key(stream):
    found = {}
    for key, item in stream:
        found.setdefault(key, []).append(item)
    return found


@pytest.mark.parametrize("room", [1, 2, 5])
def test_every_item_is_yielded_once_and_those_of_a_job_in_order(room):
    backend = FakeBackend(room)
    with create_pool(backend) as pool:
        found = items_by_key(pool.stream("abc", lambda key: (count_to, 2 * ord(key) - 190)))
    assert found == {"a": [0, 1, 2, 3], "b": [*range(6)], "c": [*range(8)]}


def test_jobs_start_in_order_and_an_empty_job_ends():
    started = []

    def make_job(key):
        started.append(key)
        return count_to, key

    with create_pool(FakeBackend(1)) as pool:
        assert items_by_key(pool.stream([2, 0, 1], make_job)) == {2: [0, 1], 1: [0]}
    assert started == [2, 0, 1]


def test_workers_take_turns():
    with create_pool(FakeBackend(3)) as pool:
        keys = [key for key, _ in pool.stream("abc", lambda key: (count_to, 30))]
    assert {*keys[:30]} == {"a", "b", "c"}


def test_a_pool_runs_several_streams_with_the_same_workers():
    backend = FakeBackend(2)
    with create_pool(backend, max_workers=2) as pool:
        for _ in range(3):
            found = items_by_key(pool.stream(range(4), lambda key: (count_to, 2)))
            assert found == {key: [0, 1] for key in range(4)}
    assert len(backend.actors) == 2


@pytest.mark.parametrize("lost", [(1,), (3,), (2, 5, 9), tuple(range(1, 19))])
def test_the_job_of_a_lost_worker_resumes_after_its_last_item(lost):
    received = {"a": [], "b": []}
    backend = FakeBackend(2, LoseWorkers(*lost))
    with create_pool(backend) as pool:
        jobs = pool.stream("ab", lambda key: (count_to, 10, len(received[key])))
        for key, item in jobs:
            received[key].append(item)
    assert received == {"a": [*range(10)], "b": [*range(10)]}
    assert len(backend.actors) >= 2 + len(lost)
    assert backend.checks >= len(lost)


def test_a_worker_lost_before_its_first_job_is_replaced():
    backend = FakeBackend(1, LoseWorkers(1, 2, method="versions"))
    with create_pool(backend) as pool:
        assert items_by_key(pool.stream("a", lambda key: (count_to, 2))) == {"a": [0, 1]}


@pytest.mark.parametrize(
    ("out_of_memory", "attempts"),
    [(False, MAX_LOSSES), (True, MAX_LOSSES // OUT_OF_MEMORY_LOSSES)],
)
def test_a_job_that_loses_every_worker_is_given_up(out_of_memory, attempts):
    def fail(number, method):
        if method == "next_item":
            raise WorkerLostError("killed", out_of_memory=out_of_memory)

    made = []
    with (
        create_pool(FakeBackend(1, fail)) as pool,
        pytest.raises(ClusterError, match="killed") as caught,
    ):
        list(pool.stream("a", lambda key: made.append(key) or (count_to, 2)))
    assert len(made) == attempts
    assert ("--size" in str(caught.value)) == out_of_memory


def test_other_jobs_go_on_when_one_is_given_up():
    def lose(network):
        yield "first"
        raise WorkerLostError("killed")

    failures = {}
    with create_pool(FakeBackend(2)) as pool:
        jobs = pool.stream(
            ["good", "bad"],
            lambda key: (count_to, 3) if key == "good" else (lose,),
            failures.__setitem__,
        )
        found = items_by_key(jobs)
    assert found == {"good": [0, 1, 2], "bad": ["first"] * MAX_LOSSES}
    assert isinstance(failures.pop("bad"), ClusterError)
    assert not failures


def test_workers_that_never_start_end_the_stream():
    def fail(number, method):
        raise WorkerLostError("killed")

    with create_pool(FakeBackend(1, fail)) as pool, pytest.raises(ClusterError, match="killed"):
        list(pool.stream("a", lambda key: (count_to, 2), lambda *_: None))


def test_an_error_of_a_job_is_raised_or_reported():
    def make_job(key):
        return (fail_at_once,) if key == "bad" else (count_to, 2)

    with create_pool(FakeBackend()) as pool, pytest.raises(RecipeError, match="a bad recipe"):
        list(pool.stream(["bad"], make_job))
    failures = {}
    with create_pool(FakeBackend()) as pool:
        found = items_by_key(pool.stream(["bad", "good"], make_job, failures.__setitem__))
    assert found == {"good": [0, 1]}
    assert [str(error) for error in failures.values()] == ["a bad recipe"]


def test_an_error_while_a_job_is_made_is_reported():
    def make_job(key):
        if key == "bad":
            raise RecipeError("unreadable")
        return count_to, 1

    failures = {}
    with create_pool(FakeBackend()) as pool:
        found = items_by_key(pool.stream(["bad", "good"], make_job, failures.__setitem__))
    assert (found, [*failures]) == ({"good": [0]}, ["bad"])


def test_the_number_of_workers_is_limited_and_follows_the_capacity():
    backend = FakeBackend(5)
    pool = create_pool(backend, max_workers=3)
    assert [pool.concurrency(jobs) for jobs in (0, 2, 9)] == [1, 2, 3]
    backend.room = 0
    assert pool.concurrency(9) == 1
    backend.room = 5
    with pool:
        list(pool.stream(range(9), lambda key: (count_to, 1)))
    assert len(backend.actors) == 3


def test_workers_beyond_the_capacity_are_requested_and_withdrawn_at_the_end():
    """Autoscalers see the demand; without waiting jobs nobody needs the workers that do not fit."""
    backend = FakeBackend(1)
    with create_pool(backend) as pool:
        stream = pool.stream(range(4), lambda key: (count_to, 2))
        next(stream)
        assert len([actor for actor in backend.actors if not actor.stopped]) == 4
        list(stream)
        assert len([actor for actor in backend.actors if not actor.stopped]) == 1


def test_the_user_is_told_once_that_no_worker_starts(monkeypatch):
    monkeypatch.setattr(worker_pool, "NOTICE_SECONDS", 0.0)
    messages = []
    backend = FakeBackend(0)

    def check_connection():
        backend.checks += 1
        if backend.checks == 20:
            backend.room = 1

    backend.check_connection = check_connection
    with create_pool(backend, on_message=messages.append) as pool:
        assert items_by_key(pool.stream("a", lambda key: (count_to, 2))) == {"a": [0, 1]}
    (message,) = messages
    assert "--threads" in message
    assert "--memory" in message


def test_no_notice_while_workers_are_running(monkeypatch):
    monkeypatch.setattr(worker_pool, "NOTICE_SECONDS", 0.0)
    messages = []
    with create_pool(FakeBackend(1), on_message=messages.append) as pool:
        list(pool.stream(range(3), lambda key: (count_to, 20)))
    assert messages == []


def test_a_lost_connection_ends_the_stream():
    backend = FakeBackend(0)

    def check_connection():
        raise ClusterError("no connection")

    backend.check_connection = check_connection
    with create_pool(backend) as pool, pytest.raises(ClusterError, match="no connection"):
        list(pool.stream("a", lambda key: (count_to, 2)))
    assert all(actor.stopped for actor in backend.actors)


def test_ctrl_c_stops_all_workers():
    backend = FakeBackend(2)
    with pytest.raises(KeyboardInterrupt), create_pool(backend) as pool:
        for _ in pool.stream(range(5), lambda key: (count_to, 5)):
            raise KeyboardInterrupt
    assert len(backend.actors) == 5
    assert all(actor.stopped for actor in backend.actors)


def test_a_worker_of_another_version_is_refused(monkeypatch):
    backend = FakeBackend(1)
    start_actor = backend.start_actor

    def start_old_actor(resources, network):
        actor = start_actor(resources, network)
        actor.worker.versions = lambda: {"puppyslug": "0.0.1"}
        return actor

    backend.start_actor = start_old_actor
    with create_pool(backend) as pool, pytest.raises(ClusterError, match=r"0\.0\.1"):
        list(pool.stream("a", lambda key: (count_to, 2), lambda *_: None))
