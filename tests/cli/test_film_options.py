"""Options that zoom, journey and film share."""

from fractions import Fraction

import pytest

from puppyslug.cli.film_options import count_frames, parse_fps
from puppyslug.errors import RecipeError
from puppyslug.recipe.defaults import FILM_FPS


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (None, Fraction(FILM_FPS)),
        (12, Fraction(12)),
        (29.97, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
    ],
)
def test_frame_rates_become_fractions(fps, expected):
    assert parse_fps(fps) == pytest.approx(expected, abs=1e-4)
    assert parse_fps(fps).denominator <= 1001


@pytest.mark.parametrize("fps", [0, -1, 1e-9, 1001, float("inf"), float("nan")])
def test_impossible_frame_rates_are_refused(fps):
    with pytest.raises(RecipeError, match=f"--fps.*{fps:g}"):
        parse_fps(fps)


def test_seconds_stand_for_frames():
    assert count_frames(None, 8, Fraction(25), 100, "--frames") == 200
    assert count_frames(None, 0.001, Fraction(25), 100, "--frames") == 1
    assert count_frames(7, None, Fraction(25), 100, "--frames") == 7
    assert count_frames(None, None, Fraction(25), 100, "--frames") == 100
    with pytest.raises(RecipeError, match=r"--seconds.*--frames"):
        count_frames(7, 8, Fraction(25), 100, "--frames")
