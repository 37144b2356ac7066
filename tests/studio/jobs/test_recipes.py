"""Recipes of submitted dreams, and changes to running ones."""

import pytest

from puppyslug.errors import PuppyslugError
from puppyslug.recipe import Recipe
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks
from puppyslug.studio.jobs.models import Job, StoredFile
from puppyslug.studio.jobs.recipes import DreamFiles, build_recipe, result_size, validate_changes

PHOTO = StoredFile(file="photo.jpg", name="cat.jpg", sha256="ab" * 32, size=(60, 80))
MASK = StoredFile(file="mask.png", name="m.png", sha256="cd" * 32, size=(60, 80))
GUIDE = StoredFile(file="guide-1.png", name="g.png", sha256="ef" * 32, size=(60, 80))
NO_FILES = DreamFiles(None, None, [])


@pytest.fixture
def networks(tmp_path):
    return FinetunedNetworks(tmp_path)


def dream(**settings):
    recipe = Recipe.complete({"photo": "clouds", "objective": "relu3_3", **settings})
    return Job(id="parent", recipe=recipe.to_settings(), created=1)


def parent_of(recipe):
    return Job(id="parent", recipe=recipe.to_settings(), created=1)


def test_files_become_references(networks):
    files = DreamFiles(PHOTO, MASK, [GUIDE])
    recipe = build_recipe({"layer": "relu2_1"}, files, networks)
    assert (recipe.photo.name, recipe.photo.sha256) == (PHOTO.name, PHOTO.sha256)
    assert recipe.mask.name == MASK.name
    assert [guide.name for guide in recipe.guides] == [GUIDE.name]
    assert recipe.objective == 'patches("g.png", relu2_1)'


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"photo": {"name": "a.jpg", "sha256": "0" * 64}}, "photo"),
        ({"photo": "/etc/passwd"}, "photo"),
        ({"photo": "clouds", "mask": {"name": "a.png", "sha256": "0" * 64}}, "mask"),
    ],
)
def test_missing_files_are_named(networks, settings, part):
    with pytest.raises(HTTPError, match=part) as raised:
        build_recipe(settings, NO_FILES, networks)
    assert raised.value.status == 422


def test_settings_of_the_machine_are_ignored(networks):
    ignored = {"threads": 99, "device": "nonsense", "memory": "1B", "stop_after": 3, "tile": "x"}
    recipe = build_recipe({"photo": "noise", **ignored}, NO_FILES, networks)
    assert recipe == build_recipe({"photo": "noise"}, NO_FILES, networks)


def test_a_child_inherits_what_it_does_not_set(networks):
    parent = dream(seed=5, octaves=3, size="64x48")
    recipe = build_recipe({"seed": 6}, NO_FILES, networks, parent=parent)
    assert (recipe.seed, recipe.octaves, recipe.size) == (6, 3, "64x48")
    assert recipe.objective == "relu3_3"


def test_a_change_of_size_drops_the_composition(networks):
    small = build_recipe({"layer": "relu3_3", "size": "96x64"}, NO_FILES, networks)
    larger = build_recipe({}, NO_FILES, networks, parent=parent_of(small), enlarged="192")
    assert larger.composed == "96x64"
    resized = build_recipe({"size": "96"}, NO_FILES, networks, parent=parent_of(larger))
    assert resized.composed is None


@pytest.mark.parametrize("options", [{"feed": True}, {"zoom": True}])
def test_a_schedule_is_not_inherited_for_another_start(networks, options):
    parent = dream(schedule=[[0, 0, 1, "step_size", 3.0]])
    assert build_recipe({}, NO_FILES, networks, parent=parent).schedule
    assert not build_recipe({}, NO_FILES, networks, parent=parent, **options).schedule


def test_a_film_zooms(networks):
    picture = build_recipe({"photo": "noise"}, NO_FILES, networks)
    film = build_recipe({"photo": "noise"}, NO_FILES, networks, zoom=True)
    assert film.zoom != picture.zoom
    explicit = build_recipe({"photo": "noise", "zoom": 1.5}, NO_FILES, networks, zoom=True)
    assert explicit.zoom == 1.5


def test_the_size_of_the_result():
    assert result_size("full", (60, 80)) == (60, 80)
    assert result_size("40", (60, 80)) == (30, 40)
    assert result_size("50x20", (60, 80)) == (20, 50)
    assert result_size("50x20", None) == (20, 50)


def test_valid_changes_are_folded_into_fields():
    changes = validate_changes(dream(), {"layer": "relu2_1", "channel": 3, "step_size": 2})
    assert changes == {"objective": "relu2_1:3", "step_size": 2}
    assert validate_changes(dream(), {"strength": 0.5}) == {"strength": 0.5}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({}, "step_size"),
        ({"layer": []}, "step_size"),
        ({"octaves": 3}, "octaves"),
        ({"layer": "nonsense"}, "nonsense"),
        ({"step_size": -1}, "step_size"),
        ({"objective": "relu1_1:9999"}, "9999"),
    ],
)
def test_invalid_changes_are_rejected(changes, part):
    with pytest.raises(PuppyslugError, match=part):
        validate_changes(dream(), changes)
