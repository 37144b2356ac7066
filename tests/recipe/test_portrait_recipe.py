"""Recipes of portraits."""

import json

import pytest

from puppyslug.errors import RecipeError, command_line_messages
from puppyslug.objectives import channel
from puppyslug.recipe import PortraitRecipe, Recipe

TEXT = '{"portrait": {"objective": "relu5_1:3", "network": "vgg19", "size": 64}}'


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "relu5_1:3", "batch": 3},
        {"objectives": [channel("relu5_1", 3), "relu4_1"], "batch": 2, "transparent": True},
    ],
)
def test_json_restores_an_equal_recipe(settings):
    recipe = PortraitRecipe.complete(settings)
    assert PortraitRecipe.from_json(recipe.to_json()) == recipe
    assert json.loads(recipe.to_json())["portrait"]["size"] == 224


def test_portraits_of_earlier_versions_are_read():
    assert PortraitRecipe.from_json(TEXT).objectives == ("relu5_1:3",)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "objectives"),
        ({"objective": "relu1_1", "size": 7}, "7"),
        ({"objective": "relu1_1", "sise": 80}, "sise"),
        ({"objective": "relu1_1", "diversity": float("nan")}, "diversity"),
        ({"objective": 3}, "objectives"),
        ({"objectives": ["relu1_1", "relu1_2"], "batch": 3}, "2 objectives for 3"),
        ({"objective": "relu1_1", "recipe_version": 9}, "newer"),
    ],
)
def test_what_is_out_of_range_is_refused(settings, named):
    with pytest.raises(RecipeError, match=named):
        PortraitRecipe.complete(settings)


def test_drawings_of_the_second_version_keep_their_colours():
    second = {"objective": "see(cat)", "method": "spectrum", "recipe_version": 2}
    assert PortraitRecipe.complete(second).method == "vivid spectrum"
    assert PortraitRecipe.complete({**second, "recipe_version": 3}).method == "spectrum"


def test_recipes_of_dreams_and_of_portraits_are_told_apart():
    with pytest.raises(RecipeError, match=r"of a dream"):
        PortraitRecipe.from_json('{"octaves": 3}')
    with pytest.raises(RecipeError, match=r'redo.*objective="relu5_1:3"'):
        Recipe.from_json(TEXT)
    with command_line_messages(), pytest.raises(RecipeError, match=r"--objective relu5_1:3"):
        Recipe.from_json(TEXT)
