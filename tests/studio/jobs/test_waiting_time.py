"""How long queued jobs wait."""

import pytest

from puppyslug.studio.jobs.models import Job, JobProgress, Status
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.waiting_time import WaitingTimes, estimate_waits, work_of

RECIPE = {
    "network": "vgg19",
    "octaves": 1,
    "iterations": 10,
    "size": "100x100",
    "method": "octaves",
}


def job(name, **fields):
    return Job(id=name, owner=name, created=1, **{"recipe": RECIPE, **fields})


@pytest.fixture
def store(tmp_path):
    store = JobStore(tmp_path / "studio.db")
    yield store
    store.close()


def test_jobs_wait_for_the_first_free_place():
    queue = [job("a"), job("b"), job("c")]
    waits = estimate_waits(queue, {"a": 10, "b": 1, "c": 1}, [4, 2])
    assert [(waits[name].before, waits[name].seconds) for name in "abc"] == [(0, 2), (1, 4), (2, 5)]


def test_nothing_is_told_behind_a_job_of_unknown_length():
    queue = [job("a"), job("b")]
    waits = estimate_waits(queue, {"a": None, "b": 1}, [3])
    assert [waits[name].seconds for name in "ab"] == [3, None]


def test_work_grows_with_area_steps_and_frames():
    assert work_of(job("a", frames=5)) == pytest.approx(5 * work_of(job("a")))
    for changed, factor in (({"iterations": 20}, 2), ({"size": "200x100"}, 2)):
        other = job("a", recipe={**RECIPE, **changed})
        assert work_of(other) == pytest.approx(factor * work_of(job("a")))
    assert work_of(job("a", recipe={**RECIPE, "octaves": 3})) > work_of(job("a"))


def test_the_estimate_follows_how_long_dreams_have_taken_and_the_progress_of_running_ones(store):
    hub, now = ProgressHub(), 1000.0
    times = WaitingTimes(store, hub, 1, clock=lambda: now)
    store.add(job("done", status=Status.DONE, started=900.0, ended=920.0), max_queued=9)
    store.add(job("running", status=Status.RUNNING, started=990.0), max_queued=9)
    for name in ("b", "c"):
        store.add(job(name), max_queued=9)
    waits = times.estimate()
    assert (waits["b"].seconds, waits["c"].seconds) == (10, 30)
    hub.update("running", progress=JobProgress(fraction=0.05, seconds_left=7.0))
    waits = times.estimate()
    assert (waits["b"].seconds, waits["c"].seconds) == (7, 27)
    assert (waits["b"].before, waits["c"].before) == (0, 1)


def test_without_any_experience_only_the_place_is_told(store):
    times = WaitingTimes(store, ProgressHub(), 1)
    store.add(job("running", status=Status.RUNNING, started=1.0), max_queued=9)
    store.add(job("a"), max_queued=9)
    assert times.estimate()["a"] == (0, None)
    store.update("running", status=Status.CANCELLED)
    assert times.estimate()["a"] == (0, 0)
