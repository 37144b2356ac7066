"""Recipe files: reading them, merging settings, and finding the files that they refer to."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from puppyslug.cli.recipe_files import (
    find_image,
    find_input_files,
    load_settings,
    read_recipe_file,
)
from puppyslug.errors import ImageError, PuppyslugError, RecipeError
from puppyslug.images import save_image
from puppyslug.recipe import MAX_RECIPE_LENGTH, FileReference, InputFiles, Recipe
from support.commands import list_files, run_failing

NO_FILE = '{"name": "x", "sha256": "%s"}' % ("0" * 64)


def reference_to(path: Path, **fields: object) -> FileReference:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return FileReference(name=path.name, sha256=digest, **fields)


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


def test_images_are_found_beside_the_recipe_in_their_folder_or_in_the_current_one(
    folder, tmp_path_factory
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    reference = reference_to(Path("cat.png"), folder="photos")
    recipe_file = elsewhere / "d.png"
    assert find_image(reference, recipe_file) == Path("cat.png")
    (elsewhere / "photos").mkdir()
    (elsewhere / "photos/cat.png").write_bytes(Path("cat.png").read_bytes())
    assert find_image(reference, recipe_file) == elsewhere / "photos/cat.png"
    (elsewhere / "cat.png").write_bytes(Path("cat.png").read_bytes())
    assert find_image(reference, recipe_file) == elsewhere / "cat.png"


@pytest.mark.parametrize("role", ["photo", "mask", "guide"])
def test_missing_and_changed_images_name_their_option(folder, role):
    reference = reference_to(Path("cat.png"))
    Path("cat.png").rename("other.png")
    with pytest.raises(ImageError, match=rf"cat\.png.*--{role}"):
        find_image(reference, folder / "d.png", role)
    Image.new("RGB", (4, 4)).save("cat.png")
    with pytest.raises(ImageError, match=rf"cat\.png.*changed.*--{role}"):
        find_image(reference, folder / "d.png", role)


def test_only_images_are_opened(folder):
    Path("secret.txt").write_text("secret")
    with pytest.raises(ImageError, match=r"secret\.txt"):
        find_image(reference_to(Path("secret.txt")), folder / "d.png")


def test_given_files_replace_those_of_the_recipe(folder_with_mask):
    mask, guide = reference_to(Path("half.png")), reference_to(Path("coffee.jpg"))
    recipe = Recipe.complete(
        {"mask": mask, "guides": (guide,), "objective": 'guide("coffee.jpg", relu2_1)'}
    )
    found = find_input_files(recipe, folder_with_mask / "d.png", InputFiles())
    assert found.mask.name == "half.png"
    assert found.guides["coffee.jpg"].name == "coffee.jpg"
    given = InputFiles(mask=Path("m.png"), guides={"coffee.jpg": Path("g.png")})
    assert find_input_files(recipe, folder_with_mask / "d.png", given) == given


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
        ('{"recipe_version": "2"}', ["newer"]),
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
