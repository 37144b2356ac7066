import pytest

from puppyslug.labels import find_label
from puppyslug.recipe.interpolation import interpolate

START = (0, 0, 0)


def test_numbers_are_interpolated_linearly_and_integers_stay_integers():
    assert interpolate(1.0, 3.0, 0.25, START, find_label) == 1.5
    assert interpolate(10, 21, 0.5, START, find_label) == 16
    assert isinstance(interpolate(10, 20, 0.31, START, find_label), int)


def test_weights_of_equal_terms_are_interpolated():
    start, end = "2*relu3_1 - relu4_1", "4*relu3_1 - 3*relu4_1"
    assert interpolate(start, end, 0.5, START, find_label) == "3*relu3_1 - 2*relu4_1"


def test_weights_that_all_vanish_keep_the_start():
    assert interpolate("relu3_1", "-1*relu3_1", 0.5, START, find_label) == "relu3_1"


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_steps_are_shared_between_objectives_of_different_terms(fraction):
    steps = [
        interpolate("relu3_1", "relu4_1", fraction, (3, 1, step), find_label)
        for step in range(1000)
    ]
    assert set(steps) <= {"relu3_1", "relu4_1"}
    assert steps.count("relu4_1") / 1000 == pytest.approx(fraction, abs=0.01)
