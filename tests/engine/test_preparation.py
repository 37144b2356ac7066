"""From a recipe and pictures to a dream: masks, guides, groups and counts, with real networks."""

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

import puppyslug
from puppyslug.engine.preparation import prepare
from puppyslug.errors import ImageError, ObjectiveError, RecipeError
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import Files, fold_objective, take_files

CAT = Image.fromarray(skimage.data.chelsea()[::2, ::2])  # 226×150


def prepared(**settings):
    settings, files = take_files(settings)
    recipe = Recipe.complete(fold_objective(settings))
    return prepare(recipe, CAT, files)


def grey(array) -> Image.Image:
    return Image.fromarray(np.asarray(array, dtype=np.uint8))


def test_seeing_takes_a_preset_and_a_network_that_can():
    ready = prepared(see=["2*pagoda", "castle"])
    assert ready.recipe.preset == "natural"
    assert ready.recipe.objective == "2*see(stupa) + see(castle)"
    assert ready.recipe.network == "efficientnet_lite0+efficientnet_lite1"
    chosen = prepared(see="castle", network="efficientnet_lite1", layer="block_2", preset="classic")
    assert chosen.recipe.objective == "see(castle) + block_2"
    assert chosen.recipe.network == "efficientnet_lite1"
    assert prepared(see="castle", preset="classic").network.spec.classes == 1000


def test_of_a_group_the_nearest_is_written_into_the_recipe():
    assert prepared(see="cat").recipe.objective == "see(Egyptian cat)"
    assert prepared(see="any cat").recipe.objective == "see(any cat)"
    assert prepared(see="2*cat").recipe.objective == "2*see(Egyptian cat)"


def test_a_count_decides_the_octaves_unless_they_are_told():
    assert prepared(see="castle", count=1, size="full").recipe.octaves == 2
    assert prepared(see="castle", count=9).recipe.octaves == 1
    assert prepared(see="castle", octaves=2, count=None).recipe.octaves == 2
    told = Recipe.complete({"preset": "natural", "octaves": 7})
    assert (told.octaves, told.count) == (7, None)


def test_a_mask_is_fitted_with_a_notice_and_kept_in_the_recipe():
    ready = prepared(layer="relu2_1", mask=grey([[0, 255], [0, 255]]))
    assert ready.mask.shape == (1, 1, 150, 226)
    assert ready.mask[..., :40].max() == 0
    assert ready.mask[..., -40:].min() == 1
    assert any("stretched to fit" in notice for notice in ready.notices)
    assert len(ready.recipe.mask.sha256) == 64
    fitting = prepared(layer="relu2_1", mask=grey(np.full((75, 113), 128)))
    assert not fitting.notices
    assert fitting.mask.mean().item() == pytest.approx(128 / 255, abs=1e-3)


def test_a_masks_transparency_counts_as_black():
    see_through = np.full((150, 226, 4), 255, np.uint8)
    see_through[:75, :, 3] = 0
    mask = prepared(layer="relu2_1", mask=grey(see_through)).mask
    assert mask[..., :75, :].max() == 0
    assert mask[..., 75:, :].min() == 1


def test_a_black_mask_is_refused():
    with pytest.raises(ImageError, match="black all over"):
        prepared(layer="relu2_1", mask=grey(np.zeros((9, 9))))
    with pytest.raises(ImageError, match="black all over"):
        prepared(layer="relu2_1", mask=grey(np.zeros((150, 226))))


def test_a_mask_by_name_finds_the_cat_for_any_network():
    seen = prepared(layer="relu2_1", mask="see(cat)")
    rest = prepared(layer="relu2_1", mask="not see(cat)")
    assert seen.recipe.mask == "see(cat)"
    assert torch.allclose(seen.mask + rest.mask, torch.ones_like(seen.mask), atol=1e-6)
    face, corner = seen.mask[..., 40:90, 80:150].mean(), seen.mask[..., :30, :30].mean()
    assert face > 2 * corner


def test_a_recipe_with_another_mask_or_guide_is_refused():
    made = prepared(guide=CAT, layer="relu2_1", mask=grey(np.full((9, 9), 255))).recipe
    assert made.guides[0].name == "guide-1"
    again = prepare(made, CAT, Files(grey(np.full((9, 9), 255)), {"guide-1": CAT}))
    assert again.recipe == made
    with pytest.raises(ImageError, match="not the mask"):
        prepare(made, CAT, Files(grey(np.full((9, 9), 254)), {"guide-1": CAT}))
    with pytest.raises(ImageError, match="not the guide"):
        prepare(made, CAT, Files(grey(np.full((9, 9), 255)), {"guide-1": CAT.rotate(9)}))
    with pytest.raises(ImageError, match=r"mask .*is missing"):
        prepare(made, CAT, Files(guides={"guide-1": CAT}))
    with pytest.raises(ObjectiveError, match="is missing"):
        prepare(made.with_settings({"mask": None}), CAT)


def test_guides_are_named_and_no_larger_than_they_need_be(tmp_path):
    large = tmp_path / "large.png"
    Image.fromarray(skimage.data.coffee()).save(large)
    ready = prepared(guide=[str(large), CAT], layer="relu3_1")
    assert ready.recipe.objective == 'guide("large.png", relu3_1) + guide("guide-2", relu3_1)'
    assert max(ready.guides["large.png"].shape) == 320
    assert prepared(guide=CAT).recipe.objective == 'guide("guide-1", relu4_4)'
    with pytest.raises(ImageError, match="too small for relu4_4"):
        prepared(guide=CAT.resize((7, 9)))
    with pytest.raises(RecipeError, match="two guides are called large"):
        prepared(guide=[large, large])
    with pytest.raises(RecipeError, match="leave out --channel"):
        prepared(guide=large, layer="relu3_1", channel=3)


def test_python_dreams_with_all_of_it():
    dream = puppyslug.dream(
        CAT, see="goldfish", guide=CAT, mask="not see(cat)", keep_colours=True, strength=0.5,
        layer="block_2", network="efficientnet_lite0", octaves=1, iterations=1, smooth=2,
    )  # fmt: skip
    recipe = Recipe.from_json(dream.info["puppyslug"])
    assert recipe.objective == 'see(goldfish) + guide("guide-1", block_2)'
    assert (recipe.mask, recipe.strength, recipe.smooth) == ("not see(cat)", 0.5, "2")
