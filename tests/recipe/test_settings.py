import pytest

from puppyslug.errors import RecipeError
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import fold_objective, look_of


def test_layer_and_channel_are_short_for_an_objective():
    assert fold_objective({"layer": "relu3_4"})["objective"] == "relu3_4"
    assert fold_objective({"layer": ["a", "b"]})["objective"] == "a + b"
    assert fold_objective({"layer": ["a"], "channel": 3})["objective"] == "a:3"
    assert fold_objective({"channel": 3})["objective"] == "relu4_4:3"
    assert fold_objective({"channel": 3, "preset": "eyes"})["objective"] == "relu4_1:3"
    assert fold_objective({"channel": 3, "objective": "relu2_1"})["objective"] == "relu2_1:3"
    assert fold_objective({"octaves": 3}) == {"octaves": 3}
    with pytest.raises(RecipeError, match="'a:3 \\+ b:3'"):
        fold_objective({"layer": ["a", "b"], "channel": 3})
    with pytest.raises(RecipeError, match="leave out --layer"):
        fold_objective({"layer": ["a"], "objective": "b"})


def test_a_look_leaves_the_old_picture_and_machine_behind():
    made = Recipe.complete({"size": "640x360", "octaves": 5}).with_settings(
        {"composed": "320x180", "stop_after": 3, "threads": 2, "device": "cpu", "tile": "64x64"}
    )
    look = Recipe.complete(look_of(made.model_dump(exclude_none=True)))
    assert (look.size, look.octaves, look.photo) == ("640", 5, "clouds")
    assert (look.composed, look.stop_after, look.threads) == (None, None, None)
    assert (look.device, look.tile) == ("auto", "auto")
