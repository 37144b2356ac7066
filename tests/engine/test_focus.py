"""Where steps change the image."""

import pytest
import torch

from puppyslug.engine.focus import compute_focus, fade_detail, margin_mask, multiply_masks
from puppyslug.objectives import parse_objective, see
from puppyslug.recipe import Recipe
from puppyslug.recognition.class_maps import class_map, localise


@pytest.fixture
def recipe():
    return Recipe.complete({"focus": 2, "network": "efficientnet_lite0"})


def test_the_focus_is_where_classes_of_positive_weight_are_seen(toy, picture, recipe):
    focus = compute_focus(toy, picture, see("tench") - see("goldfish"), recipe)
    assert torch.equal(focus, localise(class_map(toy, picture, [0]), (40, 52), sharpness=2))


def test_there_is_no_focus_without_a_class_or_sharpness(toy, picture, recipe):
    assert compute_focus(toy, picture, parse_objective("relu2"), recipe) is None
    assert compute_focus(toy, picture, -see("tench") + parse_objective("relu2"), recipe) is None
    assert compute_focus(toy, picture, see("tench"), recipe.with_settings({"focus": 0})) is None


def test_the_focus_is_the_same_in_tiles(toy, picture, recipe):
    whole, tiled = (
        compute_focus(toy, picture, see("tench"), recipe, tile) for tile in (None, (16, 16))
    )
    assert torch.allclose(whole, tiled, atol=1e-4)


def test_detail_fades_out_of_focus():
    focus = torch.tensor([0.0, 0.2, 0.8]).reshape(1, 1, 1, 3)
    faded = fade_detail(torch.ones(1, 1, 1, 3), focus)
    assert faded.flatten().tolist() == pytest.approx([0, 0.5, 1])


def test_a_margin_rises_from_the_edges():
    assert margin_mask(torch.rand(1, 3, 5, 9), 0) is None
    mask = margin_mask(torch.rand(1, 3, 5, 9), 0.5)
    assert mask.shape == (1, 1, 5, 9)
    assert mask[0, 0, 2].tolist() == [0, 0.5, 1, 1, 1, 1, 1, 0.5, 0]


def test_none_is_a_mask_of_ones():
    mask = torch.rand(1, 1, 5, 9)
    assert multiply_masks(None, None) is None
    assert torch.equal(multiply_masks(None, mask), mask)
    assert torch.equal(multiply_masks(mask, mask), mask**2)
