"""Dances: ready-made curves by which films follow music."""

from fractions import Fraction

import numpy as np
import pytest

from puppyslug.errors import RecipeError
from puppyslug.networks import find_spec
from puppyslug.recipe import Music, Recipe, Timeline, with_curves
from puppyslug.recipe.curve_values import curve_values
from puppyslug.recipe.dances import DANCES, dance_curves

FRAMES = 400


def music(level: float) -> Music:
    names = ("loudness", "bass", "mid", "treble", "onset", "beat", "bar_phase")
    numbers = tuple(np.arange(FRAMES) // 4)
    signals = {**dict.fromkeys(names, (level,) * FRAMES), "beat_number": numbers}
    return Music(signals, (0.0, 0.5), 120.0)


@pytest.mark.parametrize("name", sorted(DANCES))
@pytest.mark.parametrize("camera", [True, False])
def test_a_dance_moves_every_setting_within_its_range(name, camera):
    recipe = Recipe.complete({"zoom": 1.05, "step_size": 2})
    curves = dance_curves(name, recipe, find_spec("vgg19"), camera=camera, layers=True)
    dancing = with_curves(recipe, curves)
    quiet, loud = (
        curve_values(dancing, Timeline(FRAMES, Fraction(25), music=music(level)))
        for level in (0.0, 1.0)
    )
    assert len(set(loud["objective"])) == 4
    for field in curves.keys() - {"objective", "rotate"}:
        assert max(loud[field]) > max(quiet[field])
    assert ("zoom" in curves) == camera
    assert ("strength" in curves) != camera


def test_layers_may_be_left_alone():
    spec = find_spec("vgg19")
    curves = dance_curves("gentle", Recipe.complete({}), spec, camera=True, layers=False)
    assert "objective" not in curves


def test_unknown_dances_are_refused():
    with pytest.raises(RecipeError, match="did you mean gentle"):
        dance_curves("gentel", Recipe.complete({}), find_spec("vgg19"), camera=True, layers=True)
