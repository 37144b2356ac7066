import pytest

from puppyslug.errors import RecipeError
from puppyslug.recipe import PRESETS, Recipe, defaults, find_preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_valid_recipe_with_its_settings(name):
    recipe = Recipe.complete({"preset": name})
    for field, value in PRESETS[name].settings.items():
        assert getattr(recipe, field) == value


@pytest.mark.parametrize("name", PRESETS)
def test_presets_only_state_what_differs_from_the_defaults(name):
    fields = Recipe.model_fields
    assert all(fields[field].default != value for field, value in PRESETS[name].settings.items()
               if field != "network")  # fmt: skip


def test_the_presets_that_are_defaults_exist():
    for name in (defaults.PRESET, defaults.SEE_PRESET, defaults.FILM_PRESET, defaults.LIVE_PRESET):
        assert find_preset(name) is PRESETS[name]


def test_an_unknown_preset_is_refused_with_similar_names():
    with pytest.raises(RecipeError, match=r"clasic.*classic"):
        find_preset("clasic")
