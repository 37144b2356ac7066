"""Recipes of earlier versions mean what they meant, and are written as they were read."""

import json

import pytest

from puppyslug.recipe import RECIPE_VERSION, Recipe, completion, recipe, versions

# As version 1 wrote them, with all fields that it had.
FIRST_VERSION = """{
"recipe_version": 1, "version": "0.1.0", "preset": "natural", "photo": {"name": "cat.png",
"sha256": "%s", "folder": "photos"}, "network": "efficientnet_lite0+efficientnet_lite1",
"objective": "see(castle)", "octaves": 6, "octave_scale": 1.4, "iterations": 20, "step_size": 4.5,
"jitter": 32, "rescale": 0.5, "taper": 0.75, "smooth": "1.2", "soften": 0.15,
"palette": "natural", "focus": 1.5, "margin": 0.25, "count": 1, "mask": "not see(castle)",
"strength": 1.0, "keep_colours": false, "guides": [], "seed": 7, "size": "640x360",
"composed": "320x180", "precision": "float32", "device": "cpu", "winograd": 0, "kernels": "torch",
"threads": 2, "memory": "2GB", "tile": "whole", "zoom": 1.0, "rotate": 0.0, "pan_x": 0.0,
"pan_y": 0.0, "stop_after": 3, "schedule": [[0, 1, 2, "step_size", 3.0, false]]}""" % ("0" * 64)


@pytest.fixture
def added_fields(monkeypatch):
    """Versions in which the defaults of two existing fields stand for fields that were added."""
    fields = {2: {"jitter": 5}, 3: {"palette": "natural"}}
    for name in ("earlier_settings", "without_later_fields"):
        function = getattr(versions, name)
        monkeypatch.setattr(recipe, name, lambda one, call=function: call(one, fields))
    monkeypatch.setattr(completion, "RECIPE_VERSION", 3)


def test_a_recipe_of_the_first_version_is_written_as_it_was_read():
    stored = json.loads(FIRST_VERSION)
    assert Recipe.from_json(FIRST_VERSION).to_settings() == stored
    assert list(Recipe.from_json(FIRST_VERSION).with_settings({}).to_settings()) == list(stored)


def test_a_recipe_without_a_version_is_of_the_newest():
    assert Recipe.complete({}).recipe_version == RECIPE_VERSION
    assert versions.earlier_settings({}) == {}
    assert versions.earlier_settings({"recipe_version": "?"}) == {}


@pytest.mark.parametrize(
    ("version", "jitter", "palette"), [(1, 5, "natural"), (2, 32, "natural"), (3, 32, "vivid")]
)
@pytest.mark.usefixtures("added_fields")
def test_missing_fields_mean_what_they_meant_in_the_version_of_a_recipe(version, jitter, palette):
    complete = Recipe.complete({"recipe_version": version})
    assert (complete.jitter, complete.palette) == (jitter, palette)
    assert Recipe.complete({"recipe_version": version, "jitter": 7}).jitter == 7
    strokes = {"recipe_version": version, "preset": "natural"}
    assert Recipe.complete(strokes).palette == "natural"


@pytest.mark.usefixtures("added_fields")
def test_later_fields_are_written_only_once_they_are_set():
    old = Recipe.complete({"recipe_version": 1})
    assert {"jitter", "palette"}.isdisjoint(old.to_settings())
    assert Recipe.from_json(old.to_json()) == old
    changed = old.with_settings({"palette": "vivid"})
    assert changed.to_settings()["palette"] == "vivid"
    assert Recipe.from_json(changed.to_json()) == changed


def test_a_number_of_octaves_that_follows_the_size_is_not_written():
    recipe = Recipe.complete({"size": "3000"})
    assert "octaves" not in recipe.to_settings()
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.has_default_octaves
    assert not recipe.with_settings({"octaves": 4}).has_default_octaves
    assert not Recipe.complete({"octaves": 4}).has_default_octaves
