"""Messages for values that do not suit the fields of a recipe."""

import pytest
import torch
from torch import nn

import puppyslug
from puppyslug.errors import PuppyslugError, RecipeError
from puppyslug.recipe import PortraitRecipe, Recipe
from puppyslug.recipe.dream_settings import DreamSettings

REFERENCE = {"name": "a.png", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"octaves": "many"}, "octaves cannot be many: it should be a whole number"),
        ({"octaves": 2.5}, "octaves cannot be 2.5: it should be a whole number"),
        ({"octaves": 0}, "octaves cannot be 0: it should be at least 1"),
        ({"octave_scale": 1}, "octave_scale cannot be 1: it should be above 1.0"),
        ({"strength": 3}, "strength cannot be 3: it should be at most 1.0"),
        ({"rescale": "x"}, "rescale cannot be x: it should be a number"),
        ({"keep_colours": "so"}, "keep_colours cannot be so: it should be true or false"),
        ({"photo": {"name": "a.png"}}, "the recipe has no photo.sha256; add it"),
        ({"photo": {**REFERENCE, "sha256": "x"}}, r"photo.sha256 cannot be x: .*form \^\[0-9a-f\]"),
        ({"photo": {**REFERENCE, "url": "x"}}, "the recipe has an unknown field photo.url"),
        ({"guides": ["x"]}, "guides.0 cannot be x: .*reference to a file"),
        ({"guides": "x"}, "guides cannot be x: it should be a list"),
        ({"size": ""}, "size cannot be '': it should be full, PX or WxH"),
    ],
)
def test_messages_are_in_the_terms_of_recipes(settings, message):
    with pytest.raises(RecipeError, match=f"^{message}"):
        Recipe.complete(settings)


def test_messages_of_portraits_are_in_the_same_terms():
    for name, value, message in [("size", 3, "at least 8"), ("steps", None, "a whole number")]:
        with pytest.raises(RecipeError, match=f"{name} cannot be {value}: it should be {message}"):
            PortraitRecipe.complete({"objectives": ["relu1_1"], name: value})


@pytest.mark.parametrize("name", sorted(DreamSettings.__annotations__))
def test_empty_text_is_refused_for_every_setting(name):
    with pytest.raises(PuppyslugError, match=r"empty"):
        puppyslug.dream("clouds", **{name: " "})


def test_empty_text_is_refused_as_source_and_network():
    for arguments in ({"source": ""}, {"network": ""}):
        with pytest.raises(PuppyslugError, match="empty"):
            puppyslug.dream(**arguments)


def test_a_network_without_a_hash_of_its_weights_draws_portraits(toy):
    portrait = puppyslug.portrait("relu2:1", toy, size=16, steps=1)
    assert portrait.recipe.weights is None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"labels": []}, "labels is empty"),
        ({"name": ""}, "name of a network"),
        ({"mean": "x"}, "mean is 'x'"),
        ({"std": (1, 0, 1)}, "std is .*cannot be 0"),
        ({"std": torch.nan}, "std is nan"),
        ({"input_range": (0,)}, "input_range is"),
        ({"input_range": (1, 1)}, "input_range is"),
        ({"channels": 0.5}, "channels is 0.5"),
        ({"trained_at": 0}, "trained_at is 0"),
        ({"default_layer": ""}, "''"),
    ],
)
def test_options_of_own_networks_are_refused_in_one_line(options, named):
    with pytest.raises(PuppyslugError, match=named) as refused:
        puppyslug.Network.from_module(nn.Conv2d(3, 4, 3), **options)
    assert "\n" not in str(refused.value)
