"""Recipe files: reading them, merging settings, and finding the files that they refer to."""

from pathlib import Path

import pytest
from PIL import Image

from puppyslug.cli.recipe_files import (
    load_settings,
    read_recipe_file,
)
from puppyslug.errors import PuppyslugError, RecipeError
from puppyslug.images import save_image
from puppyslug.recipe import MAX_RECIPE_LENGTH, Recipe
from support.commands import list_files, reference_to, run_failing

NO_FILE = '{"name": "x", "sha256": "%s"}' % ("0" * 64)


def test_settings_are_read_from_json_and_from_dreams(tmp_path):
    text = '{"octaves": 3}'
    (tmp_path / "r.json").write_text(text)
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    save_image(Image.new("RGB", (4, 4)), tmp_path / "d.png", recipe_text=text)
    for name in ("r.json", "bom.json", "d.png"):
        assert read_recipe_file(tmp_path / name) == {"octaves": 3}


@pytest.mark.parametrize("name", ["missing.json", ".", "large.json", "text.txt", "plain.png"])
def test_files_without_a_recipe_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("large.json").write_text("{" + " " * MAX_RECIPE_LENGTH + "}")
    Path("text.txt").write_text("text")
    Image.new("RGB", (4, 4)).save("plain.png")
    with pytest.raises(RecipeError) as raised:
        read_recipe_file(Path(name))
    assert name in str(raised.value)


def test_settings_take_precedence_over_the_recipe(tmp_path):
    file = tmp_path / "r.json"
    file.write_text('{"octaves": 3, "iterations": 2, "objective": "relu1_1"}')
    settings, _ = load_settings({"octaves": 5, "layer": "relu2_1"}, file, new_photos=True)
    recipe = Recipe.complete(settings)
    assert (recipe.octaves, recipe.iterations, recipe.objective) == (5, 2, "relu2_1")


def test_a_recipe_for_new_photos_loses_its_photo(folder):
    reference = reference_to(Path("cat.png"))
    Path("r.json").write_text(Recipe.complete({"photo": reference}).to_json())
    own, _ = load_settings({}, Path("r.json"), new_photos=False)
    other, _ = load_settings({}, Path("r.json"), new_photos=True)
    assert Recipe.complete(own).photo == reference
    assert Recipe.complete(other).photo == "clouds"


@pytest.mark.parametrize(
    ("recipe", "parts"),
    [
        ('{"composed": "full"}', ["composed", "640x360"]),
        ('{"size": "60000x60000"}', ["60000×60000"]),
        ('{"composed": "90x50", "octave_scale": 1.0000001, "size": "960x540"}', ["octave_scale"]),
        ('{"schedule": [[0, 0, 1, "objective", "conv1_1:999"]]}', ["999", "63"]),
        ('{"schedule": [[0, 0, 1, "objective", "conv9_1"]]}', ["conv9_1"]),
        ('{"size": "6x6", "schedule": [[0, 0, 1, "objective", "relu5_4"]]}', ["relu5_4"]),
        ('{"photo": {"name": "x", "sha256": "%s", "folder": "/etc"}}' % ("0" * 64), ["photo"]),
        (f'{{"photo": {NO_FILE}}}', ["x", "--photo"]),
        ('{"objective": "1e30*relu1_1"}', ["objective"]),
        ('{"schedule": %s}' % ([[0, 0, 0, "jitter", 5]] * 2000), ["schedule"]),
        ('{"recipe_version": "99"}', ["newer"]),
        ('{"photo": "a\\nb"}', ["photo"]),
    ],
)  # fmt: skip
def test_hostile_recipes_are_refused_on_one_line(folder, capsys, recipe, parts):
    Path("r.json").write_text(recipe.replace("'", '"'))
    line = run_failing(capsys, "dream", "--recipe", "r.json")
    for part in parts:
        assert part in line
    assert list_files(folder) == {"cat.png", "r.json"}


def test_a_recipe_that_is_replaced_is_validated_all_the_same(tmp_path):
    file = tmp_path / "r.json"
    file.write_text('{"octaves": 0}')
    with pytest.raises(PuppyslugError, match="octaves"):
        load_settings({"octaves": 3}, file, new_photos=True)


@pytest.mark.parametrize("name", ["d.png", "d.tif", "r.json"])
def test_a_recipe_is_limited_in_a_picture_as_in_a_file(tmp_path, name):
    text = '{"schedule": [' + "0," * MAX_RECIPE_LENGTH + "0]}"
    if name == "r.json":
        (tmp_path / name).write_text(text)
    else:
        save_image(Image.new("RGB", (4, 4)), tmp_path / name, recipe_text=text)
    with pytest.raises(RecipeError, match=r"characters|kB"):
        read_recipe_file(tmp_path / name)
