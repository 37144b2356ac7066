"""Frames between two dreamt ones."""

import numpy as np
import pytest

from puppyslug.video.between import blend_neighbours, move_detail
from support.films import moving_scene

SHAPE = (40, 60)


def flat(value: float) -> np.ndarray:
    return np.full((*SHAPE, 3), value, np.float32)


def test_neighbours_are_blended_by_distance():
    sure = np.ones(SHAPE, np.float32)
    for fraction in (0.0, 0.25, 0.5, 1.0):
        blended = blend_neighbours((flat(1), sure), (flat(3), sure), fraction)
        assert blended == pytest.approx(flat(1 + 2 * fraction))


def test_what_one_neighbour_does_not_show_comes_from_the_other():
    sure, unsure = np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    assert blend_neighbours((flat(1), unsure), (flat(3), sure), 0.25) == pytest.approx(flat(3))
    assert blend_neighbours((flat(1), sure), (flat(3), unsure), 0.75) == pytest.approx(flat(1))
    assert blend_neighbours((flat(1), unsure), (flat(3), unsure), 0.25) == pytest.approx(flat(1))
    assert blend_neighbours((flat(1), unsure), (flat(3), unsure), 0.75) == pytest.approx(flat(3))


def test_detail_moves_along_the_flow_and_stays_without_it():
    before, _, after = moving_scene(3, shift=(3, 0))
    detail = (after - after.mean((0, 1))).astype(np.float32) / 255
    wanted = (before - after.mean((0, 1))).astype(np.float32) / 255
    moved, trusted = move_detail(detail, before, after, by_flow=True)
    inside = (slice(10, -10), slice(10, -10))
    assert np.abs(moved - wanted)[inside].mean() < 0.2 * np.abs(detail - wanted)[inside].mean()
    assert trusted[inside].mean() > 0.9
    still, everywhere = move_detail(detail, before, after, by_flow=False)
    assert still is detail
    assert everywhere.all()
