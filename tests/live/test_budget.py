"""The frame budget, on machines of a constant speed."""

import pytest

from puppyslug.live.budget import MAX_STEPS, FrameBudget

FPS, SIDE = 10, 320


def run(budget, rate, frames=200):
    """Dream frames on a machine that takes ``rate`` seconds per pixel; return the times."""
    times = []
    for _ in range(frames):
        times.append(rate * budget.level.cost(1.4))
        budget.add(times[-1])
    return times


@pytest.mark.parametrize("rate", [1e-9, 3e-7, 6e-7, 8e-7, 1.2e-6])
def test_the_budget_keeps_up_with_the_frame_rate_and_uses_the_time(rate):
    budget = FrameBudget(FPS, SIDE, octaves=2)
    times = run(budget, rate)
    slow = [seconds for seconds in times[3:] if seconds > 1 / FPS]
    assert len(slow) <= 3 * 3  # attempts at a costlier level, ever more seldom
    assert times[-1] <= 1 / FPS
    levels = sorted(budget._levels, key=lambda level: level.cost(1.4))
    costlier = levels[levels.index(budget.level) + 1 :]
    assert all(rate * level.cost(1.4) > 0.75 / FPS for level in costlier)


def test_a_fast_machine_takes_all_steps_at_the_full_size_and_a_slow_one_the_least():
    fast, slow = (FrameBudget(FPS, SIDE, octaves=2) for _ in range(2))
    run(fast, 1e-9)
    run(slow, 1e-3)
    assert fast.level == (SIDE, 2, MAX_STEPS)
    assert slow.level == (SIDE // 2, 1, 1)


def test_a_level_that_has_become_too_slow_is_left_after_three_frames():
    budget = FrameBudget(FPS, SIDE, octaves=2)
    run(budget, 3e-7)
    run(budget, 1e-6, frames=3)
    assert budget.level.cost(1.4) * 1e-6 <= 0.75 / FPS


def test_a_single_slow_frame_changes_nothing():
    budget = FrameBudget(FPS, SIDE, octaves=2)
    run(budget, 3e-7)
    before = budget.level
    budget.add(5.0)
    run(budget, 3e-7, frames=20)
    assert budget.level == before


def test_small_pictures_have_fewer_levels():
    budget = FrameBudget(FPS, 64)
    assert {level.side for level in budget._levels} == {64}
