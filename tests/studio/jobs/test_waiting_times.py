"""Expected waiting times: durations in proportion to the work, workers in parallel."""

import pytest

from puppyslug.studio.jobs.models import Job, JobProgress, Status, TrainingConfig
from puppyslug.studio.jobs.waiting_times import (
    DurationEstimator,
    expected_starts,
    remaining_seconds,
    work,
)

RECIPE = {"network": "vgg19", "octaves": 1, "octave_scale": 2.0, "iterations": 10, "size": "100x50"}


def job(name="a", seconds=None, kind="picture", **fields):
    settings = {**RECIPE, **{k: fields.pop(k) for k in tuple(fields) if k in RECIPE}}
    if seconds is not None:
        fields |= {"status": Status.DONE, "started": 5.0, "ended": 5.0 + seconds}
    return Job(id=name, kind=kind, recipe=settings, created=1, **fields)


def test_work_is_in_proportion_to_pixels_steps_octaves_and_frames():
    assert work(job()) == 100 * 50 * 10
    assert work(job(iterations=30)) == 3 * work(job())
    assert work(job(size="200x100")) == 4 * work(job())
    assert work(job(octaves=2)) == work(job()) * 1.25
    assert work(job(kind="zoom", frames=7)) == 7 * work(job())
    assert work(job(width=10, height=20)) == 10 * 20 * 10


def test_durations_follow_from_the_median_of_similar_jobs():
    done = [job(seconds=s) for s in (2, 3, 40)] + [job(seconds=50, network="other")]
    estimator = DurationEstimator(done)
    assert estimator.seconds(job(iterations=20)) == pytest.approx(6)
    assert estimator.seconds(job(network="other")) == pytest.approx(50)
    assert estimator.seconds(job(network="third")) == pytest.approx((3 + 40) / 2)
    assert estimator.seconds(job(kind="zoom")) is None
    ignored = job(seconds=3).model_copy(update={"status": Status.FAILED})
    assert DurationEstimator([ignored]).seconds(job()) is None


def starts(names, running, workers, seconds=10):
    estimator = DurationEstimator([job(seconds=seconds)])
    return expected_starts([job(name) for name in names], running, workers, estimator)


def test_jobs_start_one_after_the_other_on_one_worker():
    assert starts("abc", {"x": 4.0}, 1) == {"a": 4, "b": 14, "c": 24}
    assert starts("ab", {}, 1) == {"a": 0, "b": 10}


def test_two_workers_halve_the_waiting_time():
    assert starts("abcd", {"x": 4.0, "y": 6.0}, 2) == {"a": 4, "b": 6, "c": 14, "d": 16}
    assert starts("abc", {"x": 4.0}, 2) == {"a": 0, "b": 4, "c": 10}


def test_what_depends_on_an_unknown_duration_is_unknown():
    assert starts("ab", {"x": None}, 1) == {"a": None, "b": None}
    assert starts("abc", {"x": None, "y": 1.0}, 2) == {"a": 1, "b": 11, "c": 21}
    queue = [job("a"), job("b", kind="zoom"), job("c")]
    estimator = DurationEstimator([job(seconds=10)])
    assert expected_starts(queue, {}, 1, estimator) == {"a": 0, "b": 10, "c": None}


def test_the_rest_of_a_running_job_is_what_it_says_or_what_similar_jobs_took(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 107.0)
    estimator = DurationEstimator([job(seconds=10)])
    running = job(started=100.0)
    assert remaining_seconds(running, JobProgress(seconds_left=2.5), estimator) == 2.5
    assert remaining_seconds(running, JobProgress(), estimator) == pytest.approx(3)
    assert remaining_seconds(running, None, DurationEstimator([])) is None
    assert remaining_seconds(job(started=1.0), None, estimator) == 0


def test_training_jobs_take_as_long_as_those_before():
    lesson = {"lesson": TrainingConfig(base="vgg19"), "kind": "teach"}
    estimator = DurationEstimator([job(seconds=30, **lesson), job(seconds=2)])
    assert estimator.seconds(job(**lesson)) == 30
