import pytest

from puppyslug.errors import RecipeError
from puppyslug.recipe import RECIPE_VERSION
from puppyslug.recipe.completion import preset_settings, validate_names, validate_version


def test_recipes_of_a_newer_version_are_refused():
    validate_version({})
    validate_version({"recipe_version": RECIPE_VERSION})
    with pytest.raises(RecipeError, match=r"9\.9"):
        validate_version({"recipe_version": RECIPE_VERSION + 1, "version": "9.9"})


def test_unknown_fields_are_refused_with_similar_names():
    validate_names({"octaves": 3}, {"octaves"})
    with pytest.raises(RecipeError, match=r"octavs.*octaves"):
        validate_names({"octavs": 3}, {"octaves"})


def test_octaves_take_precedence_over_the_count_of_a_preset():
    assert preset_settings({"preset": "natural"})["count"] == 1
    assert "count" not in preset_settings({"preset": "natural", "octaves": 3})
    assert "count" in preset_settings({"preset": "natural", "octaves": 3, "count": 2})


def test_a_preset_with_an_objective_is_refused_for_another_network():
    with pytest.raises(RecipeError, match=r"eyes.*vgg19.*googlenet"):
        preset_settings({"preset": "eyes", "network": "googlenet"})
    settings = {"preset": "eyes", "network": "googlenet", "objective": "conv2/3x3"}
    assert preset_settings(settings)["objective"] == "relu4_1"
    assert preset_settings({"preset": "natural", "network": "googlenet"})
