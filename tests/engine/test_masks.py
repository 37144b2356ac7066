"""The mask of a dream."""

import pytest
import torch

from puppyslug.engine.masks import compute_mask
from puppyslug.errors import ImageError
from puppyslug.images import LoadedImage
from puppyslug.objectives import parse_mask
from puppyslug.recipe import FileReference, Recipe
from puppyslug.recognition.masks import mask_from_class

RECIPE = Recipe.complete({"network": "efficientnet_lite0", "objective": "block_2"})


def mask_photo(height, width):
    return LoadedImage(torch.rand(1, 3, height, width), None, "mask.png", "", (height, width))


def test_there_is_no_mask_by_default(toy, picture):
    assert compute_mask(RECIPE, toy, picture) == (None, ())


def test_a_photo_takes_precedence_and_stretching_is_reported(toy, picture):
    mask, notices = compute_mask(RECIPE, toy, picture, mask_photo(40, 52))
    assert mask.shape == (1, 1, 40, 52)
    assert not notices
    mask, (notice,) = compute_mask(RECIPE, toy, picture, mask_photo(10, 10))
    assert mask.shape == (1, 1, 40, 52)
    assert "mask.png" in notice
    assert "10×10" in notice


def test_a_missing_photo_is_an_error(toy, picture):
    recipe = RECIPE.with_settings({"mask": FileReference(name="mask.png", sha256="0" * 64)})
    with pytest.raises(ImageError, match=r"mask\.png.*as mask"):
        compute_mask(recipe, toy, picture)


def test_the_dreams_own_network_finds_the_class(toy, picture):
    recipe = RECIPE.with_settings({"mask": "not see(tench)"})
    mask, _ = compute_mask(recipe, toy, picture)
    assert torch.equal(mask, mask_from_class(parse_mask("not see(tench)"), toy, picture))


def test_an_improbable_class_is_refused_with_the_likeliest(toy, picture, monkeypatch):
    logits = torch.zeros(8)
    logits[0], logits[2] = -20, 3
    monkeypatch.setattr("puppyslug.engine.masks.compute_logits", lambda *_: logits)
    recipe = RECIPE.with_settings(
        {"mask": "see(tench)", "photo": FileReference(name="a.png", sha256="0" * 64)}
    )
    with pytest.raises(ImageError, match=r"tench is hardly visible.*see\(great white shark\)"):
        compute_mask(recipe, toy, picture)
    earlier = recipe.with_settings({"recipe_version": 1})
    _, (notice,) = compute_mask(earlier, toy, picture)  # as it was
    assert "tench" in notice
    mask, _ = compute_mask(recipe, toy, picture, allow_empty=True)
    assert mask is not None
    _, notices = compute_mask(recipe.with_settings({"mask": "see(goldfish)"}), toy, picture)
    assert not notices


def test_a_mask_without_classes_needs_no_classifier(toy, picture, monkeypatch):
    monkeypatch.setattr("puppyslug.engine.masks._ClassFinder.network", None)
    mask, _ = compute_mask(RECIPE.with_settings({"mask": "not dark"}), toy, picture)
    assert mask.shape == (1, 1, 40, 52)


def test_pixels_of_a_mask_grow_with_an_enlarged_dream(toy):
    image = torch.zeros(1, 3, 100, 100)
    image[..., 40:60, 40:60] = 1
    recipe = RECIPE.with_settings({"mask": "grow(bright, 5)"})
    enlarged = recipe.with_settings({"composed": "50x50"})
    masks = [compute_mask(one, toy, image)[0][0, 0, 50] > 0.5 for one in (recipe, enlarged)]
    assert masks[1].sum() == masks[0].sum() + 10


def test_the_foreground_of_earlier_recipes_touches_no_border(toy):
    image = torch.full((1, 3, 96, 128), 0.3)
    image[..., 30:, 40:90] = torch.rand(1, 3, 66, 50, generator=torch.Generator().manual_seed(0))
    recipe = RECIPE.with_settings({"mask": "foreground"})
    mask, _ = compute_mask(recipe, toy, image)
    earlier, _ = compute_mask(recipe.with_settings({"recipe_version": 3}), toy, image)
    assert mask[..., -1, 50:80].min() > 0.9
    assert earlier[..., -1, :].max() < 0.1
