"""Finding the files that a recipe refers to."""

from pathlib import Path

import pytest
from PIL import Image

from puppyslug.engine.recipe_inputs import find_image, find_input_files
from puppyslug.errors import ImageError, command_line_messages
from puppyslug.recipe import InputFiles, Recipe
from support.commands import reference_to


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, with three pictures."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("cat.png", "half.png", "coffee.jpg")):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(name)
    return tmp_path


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
    with pytest.raises(ImageError, match=rf"cat\.png.*as {role}"):
        find_image(reference, folder / "d.png", role)
    with command_line_messages(), pytest.raises(ImageError, match=rf"cat\.png.*--{role}"):
        find_image(reference, folder / "d.png", role)
    Image.new("RGB", (4, 4)).save("cat.png")
    with pytest.raises(ImageError, match=rf"cat\.png.*changed.*as {role}"):
        find_image(reference, folder / "d.png", role)


def test_only_images_are_opened(folder):
    Path("secret.txt").write_text("secret")
    with pytest.raises(ImageError, match=r"secret\.txt"):
        find_image(reference_to(Path("secret.txt")), folder / "d.png")


def test_given_files_replace_those_of_the_recipe(folder):
    mask, guide = reference_to(Path("half.png")), reference_to(Path("coffee.jpg"))
    recipe = Recipe.complete(
        {"mask": mask, "guides": (guide,), "objective": 'guide("coffee.jpg", relu2_1)'}
    )
    found = find_input_files(recipe, folder / "d.png", InputFiles())
    assert found.mask.name == "half.png"
    assert found.guides["coffee.jpg"].name == "coffee.jpg"
    given = InputFiles(mask=Path("m.png"), guides={"coffee.jpg": Path("g.png")})
    assert find_input_files(recipe, folder / "d.png", given) == given
