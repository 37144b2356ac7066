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


def test_an_improbable_class_is_reported(toy, picture, monkeypatch):
    logits = torch.zeros(8)
    logits[0] = -20
    monkeypatch.setattr("puppyslug.engine.masks.compute_logits", lambda *_: logits)
    _, (notice,) = compute_mask(RECIPE.with_settings({"mask": "see(tench)"}), toy, picture)
    assert "tench" in notice
    _, notices = compute_mask(RECIPE.with_settings({"mask": "see(goldfish)"}), toy, picture)
    assert not notices
