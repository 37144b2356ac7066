"""Input images: photo, mask and guides."""

import numpy as np
import pytest
import torch
from PIL import Image

from puppyslug.engine.inputs import (
    MAX_GUIDE_SIDE,
    create_reference,
    crop_mask,
    load_guides,
    load_mask,
    load_photo,
    validate_content,
)
from puppyslug.engine.notices import size_notices
from puppyslug.errors import ImageError, RecipeError
from puppyslug.recipe import FileReference, Recipe

GRADIENT = Image.fromarray(np.arange(60 * 80 * 3, dtype=np.uint32).reshape(60, 80, 3).astype("u1"))
OTHER = FileReference(name="other.png", sha256="0" * 64)


def test_a_starting_image_is_generated_from_the_seed():
    recipe = Recipe.complete({"size": "32x24", "seed": 3})
    noise = load_photo(recipe, "noise")
    assert noise.image.shape == (1, 3, 24, 32)
    assert (noise.image == load_photo(recipe, "noise").image).all()
    other = recipe.with_settings({"seed": 4})
    assert (noise.image != load_photo(other, "noise").image).any()
    assert (noise.image != load_photo(recipe, "clouds").image).any()


def test_a_photo_is_loaded_at_the_recipes_size():
    assert load_photo(Recipe.complete({}), GRADIENT).size == (60, 80)
    assert load_photo(Recipe.complete({"size": "40"}), GRADIENT).size == (30, 40)
    assert load_photo(Recipe.complete({"size": "160x120"}), GRADIENT).size == (120, 160)


def test_a_chosen_size_enlarges_a_photo_but_the_default_and_full_do_not():
    assert load_photo(Recipe.complete({"size": "160"}), GRADIENT).size == (120, 160)
    assert load_photo(Recipe.complete({"size": "full"}), GRADIENT).size == (60, 80)
    earlier = Recipe.complete({"size": "160", "recipe_version": 1})
    assert load_photo(earlier, GRADIENT).size == (60, 80)
    with pytest.raises(ImageError, match="megapixels"):
        load_photo(Recipe.complete({"size": "60000"}), GRADIENT)


def test_a_photo_is_enlarged_to_the_shorter_side_that_serves():
    recipe = Recipe.complete({"min_side": 90})
    photo = load_photo(recipe, GRADIENT)
    assert photo.size == (90, 120)
    assert any("80×60" in notice and "120×90" in notice for notice in size_notices(recipe, photo))
    assert load_photo(Recipe.complete({"min_side": 50}), GRADIENT).size == (60, 80)
    chosen = Recipe.complete({"min_side": 90, "size": "40"})
    assert load_photo(chosen, GRADIENT).size == (30, 40)
    assert min(load_photo(Recipe.complete({"preset": "animals"}), GRADIENT).size) == 480
    earlier = Recipe.complete({"preset": "animals", "recipe_version": 1})
    assert load_photo(earlier, GRADIENT).size == (60, 80)


def test_a_composition_is_enlarged_although_its_sides_were_rounded():
    photo = Image.new("RGB", (1024, 575))
    recipe = Recipe.complete({"size": "480x270"}).resized("1400")
    assert load_photo(recipe, photo).size == (788, 1400)  # the photo's is 786
    with pytest.raises(RecipeError, match="another aspect ratio"):
        load_photo(recipe.resized("1400x700"), photo)


def test_a_photo_is_cropped_to_another_aspect_ratio():
    recipe = Recipe.complete({"size": "30x60"})
    photo = load_photo(recipe, GRADIENT)
    whole = load_photo(Recipe.complete({"size": "80"}), GRADIENT).image
    assert torch.equal(photo.image, whole[..., 25:55])
    (notice,) = size_notices(recipe, photo)
    assert "80×60 is cropped to 30×60" in notice
    cut_out = GRADIENT.convert("RGBA")
    assert load_photo(recipe, cut_out).alpha.shape == (1, 1, 60, 30)


def test_a_mask_is_cropped_with_its_photo():
    photo = load_photo(Recipe.complete({"size": "30x60"}), GRADIENT)
    painted = np.zeros((120, 160), np.uint8)
    painted[:, 80:] = 255
    mask = crop_mask(load_mask(Recipe.complete({}), Image.fromarray(painted)), photo)
    assert mask.size == mask.original_size == (120, 60)
    assert (mask.image[..., :30].max(), mask.image[..., 30:].min()) == (0, 1)
    other = load_mask(Recipe.complete({}), Image.new("L", (50, 50), 255))
    assert crop_mask(other, photo) is other


def test_a_cropped_dream_is_enlarged_but_keeps_its_aspect_ratio():
    recipe = Recipe.complete({"size": "30x60"})
    large = load_photo(recipe.resized("120"), GRADIENT)
    assert large.size == (120, 60)
    small = load_photo(recipe, GRADIENT).image
    shrunk = torch.nn.functional.interpolate(large.image, size=(60, 30), mode="area")
    assert (shrunk - small).abs().mean() < 0.05
    with pytest.raises(RecipeError, match=r"30×60.*50×50"):
        load_photo(recipe.resized("50x50"), GRADIENT)


@pytest.mark.parametrize("source", ["noise", GRADIENT])
def test_too_many_pixels_are_rejected_before_they_are_allocated(source):
    with pytest.raises(RecipeError, match=r"60000×60000.*smaller"):
        load_photo(Recipe.complete({"size": "60000x60000"}), source)


def test_files_must_have_the_content_of_the_recipe():
    recipe = Recipe.complete({"photo": OTHER, "mask": OTHER, "guides": [OTHER]})
    with pytest.raises(ImageError, match=r"photo.*other\.png"):
        load_photo(recipe, GRADIENT)
    with pytest.raises(ImageError, match=r"mask.*other\.png"):
        load_mask(recipe, GRADIENT)
    with pytest.raises(ImageError, match=r"guide.*other\.png"):
        load_guides(recipe, {"other.png": GRADIENT})
    photo = load_photo(Recipe.complete({}), GRADIENT)
    validate_content(photo, FileReference(name="", sha256=photo.sha256), "photo")


def test_a_missing_mask_may_have_been_meant_as_a_class(tmp_path):
    with pytest.raises(ImageError, match=r"see\(cat\)"):
        load_mask(Recipe.complete({}), tmp_path / "cat")
    with pytest.raises(ImageError, match=r"cat\.png"):
        load_mask(Recipe.complete({}), tmp_path / "cat.png")


def test_guides_are_scaled_down():
    guides = load_guides(Recipe.complete({}), {"a": GRADIENT.resize((800, 600)), "b": GRADIENT})
    assert guides["a"].size == (MAX_GUIDE_SIDE * 3 // 4, MAX_GUIDE_SIDE)
    assert guides["b"].size == (60, 80)


def test_references_hold_the_path_relative_to_the_result(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "dreams").mkdir()
    path = tmp_path / "photos" / "sky.png"
    GRADIENT.save(path)
    photo = load_photo(Recipe.complete({}), path)
    assert create_reference(photo, path, tmp_path / "dreams").folder == "../photos"
    assert create_reference(photo, path, tmp_path / "photos").folder is None
    unknown = create_reference(photo, path, None)
    assert (unknown.name, unknown.sha256, unknown.folder) == ("sky.png", photo.sha256, None)
