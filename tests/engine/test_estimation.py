"""The estimated duration of a dream."""

from itertools import count

import pytest

from puppyslug.engine import estimation
from puppyslug.engine.prepared_dream import PreparedDream
from support.dream_runs import toy_recipe


@pytest.fixture
def seconds_per_step(monkeypatch):
    """Every step takes one second."""
    clock = count()
    monkeypatch.setattr(estimation.time, "perf_counter", lambda: float(next(clock)))
    return 1


@pytest.mark.usefixtures("seconds_per_step")
def test_the_estimate_is_proportional_to_the_pixels_of_all_steps(toy, picture):
    prepared = PreparedDream(picture, toy_recipe(octaves=1, iterations=7), toy)
    assert estimation.estimate_seconds(prepared) == 7
    two = PreparedDream(picture, toy_recipe(octaves=2, octave_scale=2.0, iterations=8), toy)
    assert estimation.estimate_seconds(two) == pytest.approx(8 * 1.25)


@pytest.mark.usefixtures("seconds_per_step")
def test_halos_and_summaries_count(toy, picture):
    whole = PreparedDream(picture, toy_recipe(octaves=1), toy)
    tiled = PreparedDream(picture, toy_recipe(octaves=1, tile="16x16"), toy)
    global_layers = toy_recipe(
        octaves=1, tile="16x16", objective="see(goldfish)", network="efficientnet_lite0"
    )
    estimates = [
        estimation.estimate_seconds(prepared)
        for prepared in (whole, tiled, PreparedDream(picture, global_layers, toy))
    ]
    assert estimates == sorted(estimates)
    assert estimates[2] == pytest.approx(estimates[1] * 4 / 3)


@pytest.mark.usefixtures("seconds_per_step")
def test_the_steps_of_a_drawing_count_by_their_number(toy, picture):
    drawn = toy_recipe(method="spectrum", objective="see(goldfish)", drawing_steps=30)
    assert estimation.estimate_seconds(PreparedDream(picture, drawn, toy)) == 30
