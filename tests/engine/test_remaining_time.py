"""The remaining time, with a fake clock."""

from types import SimpleNamespace

import pytest

from puppyslug.engine import remaining_time
from puppyslug.engine.remaining_time import MIN_STEPS, WINDOW, RemainingTime


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(remaining_time, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def work(remaining, clock, steps, seconds, share):
    """Count steps that take some seconds each and complete a share of the work each."""
    for _ in range(steps):
        clock.now += seconds
        work.done += share
        remaining.add(work.done)


@pytest.fixture(autouse=True)
def nothing_done():
    work.done = 0.0


def test_there_is_no_estimate_before_the_second_step(clock):
    remaining = RemainingTime()
    assert (remaining.speed, remaining.seconds) == (None, None)
    work(remaining, clock, 1, 5, 0.1)
    assert remaining.seconds is None
    work(remaining, clock, 1, 2, 0.1)
    assert remaining.seconds == pytest.approx(16)  # without the first step, which is a warm-up


def test_the_estimate_follows_a_machine_that_becomes_slower(clock):
    remaining = RemainingTime()
    work(remaining, clock, 400, 0.1, 0.001)
    assert remaining.seconds == pytest.approx(60)
    work(remaining, clock, 100, 1, 0.001)  # from now on ten times as slow
    assert remaining.seconds == pytest.approx(500, rel=0.05)


def test_large_steps_count_by_their_work(clock):
    """A step of four times the work takes four times as long: the speed is the same."""
    remaining = RemainingTime()
    work(remaining, clock, 11, 1, 0.01)
    work(remaining, clock, 5, 4, 0.04)
    assert remaining.speed == pytest.approx(0.01)
    assert remaining.seconds == pytest.approx((1 - work.done) / 0.01)


def test_steps_longer_than_the_window_are_estimated_by_the_latest(clock):
    remaining = RemainingTime()
    work(remaining, clock, 2, 1, 0.01)
    work(remaining, clock, MIN_STEPS, 10 * WINDOW, 0.1)
    assert remaining.seconds == pytest.approx((1 - work.done) / 0.1 * 10 * WINDOW)


def test_it_counts_down_between_steps_but_not_below_zero(clock):
    remaining = RemainingTime()
    work(remaining, clock, 9, 10, 0.1)
    assert remaining.seconds == pytest.approx(10)
    clock.now += 4
    assert remaining.seconds == pytest.approx(6)
    clock.now += 60
    assert remaining.seconds == 0


def test_a_pause_does_not_count(clock):
    remaining = RemainingTime()
    work(remaining, clock, 3, 2, 0.1)
    clock.now += 1000
    remaining.skip(1000)
    assert remaining.seconds == pytest.approx(14)
    work(remaining, clock, 1, 2, 0.1)
    assert remaining.seconds == pytest.approx(12)


def test_a_resumed_dream_is_estimated_by_its_own_steps(clock):
    remaining = RemainingTime()
    work.done = 0.6
    work(remaining, clock, 1, 3, 0.1)
    work(remaining, clock, 1, 2, 0.1)
    assert remaining.seconds == pytest.approx(4)


def test_other_work_begins_anew(clock):
    remaining = RemainingTime()
    work(remaining, clock, 5, 1, 0.2)
    remaining.add(0.1)
    assert remaining.seconds is None
