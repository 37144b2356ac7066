from pathlib import Path

import pytest
from PIL import ExifTags, Image

from puppyslug.errors import ImageError, RecipeError
from puppyslug.images import extract_recipe_text, load_image, read_recipe_text, save_image, to_pil
from puppyslug.images.attribution import NO_ATTRIBUTION
from puppyslug.images.metadata import can_store_recipe, metadata_save_options
from support.images import gradient_image

RECIPE = '{"octaves": 4, "name": "\\u00e9"}'


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "avif"])
def test_the_recipe_is_read_back(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    save_image(gradient_image(), path, recipe_text=RECIPE)
    assert read_recipe_text(path) == RECIPE
    assert extract_recipe_text(path.read_bytes(), "upload") == RECIPE


def test_an_image_without_a_recipe_is_an_error(tmp_path):
    path = tmp_path / "a.bmp"
    save_image(gradient_image(), path, recipe_text=RECIPE)
    with pytest.raises(RecipeError, match=r"a\.bmp.*recipe_text"):
        read_recipe_text(path)


def test_files_that_are_no_images_are_errors(tmp_path):
    for path in (tmp_path / "missing.png", tmp_path, Path(__file__)):
        with pytest.raises(ImageError, match=path.name):
            read_recipe_text(path)


def test_a_recipe_that_is_too_long_for_jpeg_is_left_out():
    long = f'"{"x" * 70_000}"'
    assert metadata_save_options("JPEG", RECIPE, NO_ATTRIBUTION)
    assert metadata_save_options("JPEG", long, NO_ATTRIBUTION) == {}
    assert not can_store_recipe("JPEG", long)
    assert metadata_save_options("PNG", long, NO_ATTRIBUTION)
    assert metadata_save_options("PNG", None, NO_ATTRIBUTION) == {}


def test_private_exif_is_not_carried_over(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Somebody Private"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 30.0, 0.0)
    gradient_image().save(tmp_path / "a.jpg", exif=exif)
    assert b"Somebody Private" in (tmp_path / "a.jpg").read_bytes()
    dream = to_pil(load_image(tmp_path / "a.jpg").image)
    for suffix in ("jpg", "png", "webp", "tif", "avif"):
        path = tmp_path / f"b.{suffix}"
        save_image(dream, path, recipe_text=RECIPE)
        assert b"Somebody Private" not in path.read_bytes()
        with Image.open(path) as saved:
            assert not saved.getexif().get_ifd(ExifTags.IFD.GPSInfo)
