import json

import pytest

from puppyslug.errors import RecipeError
from puppyslug.recipe import MAX_RECIPE_LENGTH, Recipe, parse_settings, portable_settings

HASH = "0" * 64


HALF_SURROGATES = ['{"objective": "see(\\ud800)"}', '{"\\udc00": 1}']


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", '"x"', "[" * 100_000, "nul", *HALF_SURROGATES]
)
def test_text_that_is_no_json_object_is_refused_in_one_line(text):
    with pytest.raises(RecipeError) as caught:
        parse_settings(text)
    assert "\n" not in str(caught.value)


def test_settings_are_parsed_but_not_validated():
    assert parse_settings(json.dumps({"unknown": -1})) == {"unknown": -1}


def test_portable_settings_exclude_the_original_picture_and_machine():
    original = Recipe.complete({"size": "640x360", "octaves": 5}).with_settings(
        {
            "photo": {"name": "a.jpg", "sha256": HASH},
            "composed": "320x180",
            "stop_after": 3,
            "threads": 2,
            "device": "cpu",
            "tile": "64x64",
            "winograd": 64,
        }
    )
    recipe = Recipe.complete(portable_settings(original.model_dump(exclude_none=True)))
    assert (recipe.size, recipe.octaves, recipe.photo) == ("640", 5, "clouds")
    assert (recipe.composed, recipe.stop_after, recipe.threads) == (None, None, None)
    assert (recipe.device, recipe.tile, recipe.winograd) == ("auto", "auto", "auto")


@pytest.mark.parametrize("size", ["512", "full"])
def test_a_size_that_fits_any_picture_is_portable(size):
    assert portable_settings({"size": size}) == {"size": size}


def test_only_a_mask_by_name_is_portable():
    assert portable_settings({"mask": "see(cat)"}) == {"mask": "see(cat)"}
    assert portable_settings({"mask": {"name": "m.png", "sha256": HASH}}) == {}


@pytest.mark.parametrize("size", ["9" * 5000 + "x1", "1x" + "9" * 5000, "٣x٣", "1x2\n"])
def test_a_size_that_is_not_valid_is_left_to_the_validation_of_the_field(size):
    assert portable_settings({"size": size}) == {"size": size}
    with pytest.raises(RecipeError, match="size cannot be"):
        Recipe.complete({"size": size})


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"version": "x" * MAX_RECIPE_LENGTH}),
        json.dumps({"schedule": [0] * 60_000}),
        '{"schedule": [' + "{}," * 60_000 + "{}]}",
        '{"schedule": [' + "[]," * 60_000 + "[]]}",
    ],
)
def test_a_recipe_has_a_maximum_length(text):
    with pytest.raises(RecipeError, match=r"characters|values"):
        parse_settings(text)


def test_the_longest_schedule_can_be_read():
    schedule = [(0, 0, step, "objective", "0.5*relu4_4:37 + see(castle)") for step in range(1000)]
    text = Recipe.complete({"network": "efficientnet_lite0"}).with_settings(
        {"objective": "block_9", "schedule": schedule}
    )
    assert len(parse_settings(text.to_json())["schedule"]) == 1000
