"""Pillow images that carry their recipe into files, for as long as it reproduces them."""

import copy
import pickle

import pytest
from PIL import Image

from puppyslug.errors import RecipeError
from puppyslug.images import RecipeImage, read_recipe_text, save_image

TEXT = '{"octaves": 3}'


@pytest.fixture
def image():
    return RecipeImage.from_image(Image.effect_noise((20, 10), 60).convert("RGB"), TEXT)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "avif"])
def test_both_ways_of_saving_store_the_recipe(image, tmp_path, suffix):
    image.save(tmp_path / f"a.{suffix}")
    image.save(str(tmp_path / f"b.{suffix}"))
    save_image(image, tmp_path / f"c.{suffix}")
    for name in "abc":
        assert read_recipe_text(tmp_path / f"{name}.{suffix}") == TEXT


def test_options_of_the_caller_take_precedence(image, tmp_path):
    with (tmp_path / "a").open("wb") as file:
        image.save(file, "PNG", pnginfo=None)
    with pytest.raises(RecipeError):
        read_recipe_text(tmp_path / "a")
    image.save(tmp_path / "a.bmp")  # a format that cannot store it


def test_an_image_that_was_modified_is_saved_without_it(image, tmp_path):
    image.putpixel((0, 0), (1, 2, 3))
    assert image.recipe_text is None
    for number, other in enumerate((image, image.resize((10, 5)), image.rotate(90))):
        for save in (lambda one, path: one.save(path), save_image):
            save(other, tmp_path / f"{number}-{save.__name__.strip('<>')}.png")
    for path in tmp_path.iterdir():
        with pytest.raises(RecipeError):
            read_recipe_text(path)


def test_copies_in_other_processes_keep_it(image):
    for one in (pickle.loads(pickle.dumps(image)), copy.deepcopy(image)):
        assert one == image
        assert one.recipe_text == TEXT
    image.putpixel((0, 0), (1, 2, 3))
    assert pickle.loads(pickle.dumps(image)).recipe_text is None
