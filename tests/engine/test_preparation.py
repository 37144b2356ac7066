"""Preparation: from a recipe and images to a dream, with real networks."""

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from puppyslug.engine.preparation import prepare
from puppyslug.errors import ImageError, ObjectiveError, RecipeError
from puppyslug.recipe import InputFiles, Recipe, expand_shorthand, extract_files

CAT = Image.fromarray(skimage.data.chelsea()[::2, ::2])  # 226×150
SMALL_NETWORK = {"network": "efficientnet_lite0", "layer": "block_2"}


def prepare_cat(**settings):
    settings, files = extract_files({"precision": "float32", **settings})
    recipe = Recipe.complete(expand_shorthand(settings))
    return prepare(recipe, CAT, files)


def grey(array) -> Image.Image:
    return Image.fromarray(np.asarray(array, dtype=np.uint8))


def test_see_defaults_to_a_preset_and_a_network_with_classes():
    prepared = prepare_cat(see=["2*pagoda", "castle"])
    assert prepared.recipe.preset == "named"
    assert prepared.recipe.objective == "2*see(stupa) + see(castle)"
    assert prepared.recipe.network == "vgg19+efficientnet_lite0+efficientnet_lite1"
    assert "drawn in 120 steps at 226×150" in prepared.plan
    chosen = prepare_cat(
        see="castle", network="efficientnet_lite1", layer="block_2", preset="classic"
    )
    assert chosen.recipe.objective == "see(castle) + block_2"
    assert chosen.recipe.network == "efficientnet_lite1"
    assert prepare_cat(see="castle", preset="classic").network.spec.classes == 1000


def test_the_member_of_a_group_is_chosen_and_reported():
    prepared = prepare_cat(see="cat")
    assert prepared.recipe.objective == "see(Egyptian cat)"
    assert any("Egyptian cat" in notice for notice in prepared.notices)
    assert prepare_cat(see="any cat").recipe.objective == "see(any cat)"
    assert prepare_cat(see="2*cat").recipe.objective == "2*see(Egyptian cat)"


def test_the_strongest_channels_are_chosen_and_reported():
    prepared = prepare_cat(**SMALL_NETWORK, strongest=2)
    assert prepared.recipe.objective.count("block_2:") == 2
    assert any(prepared.recipe.objective in notice for notice in prepared.notices)


def test_octaves_follow_the_size_and_the_scale_unless_they_are_named():
    usual = prepare_cat(**SMALL_NETWORK).recipe
    assert (usual.octaves, usual.size) == (4, "226x150")
    assert prepare_cat(**SMALL_NETWORK, size="452").recipe.octaves == 6
    assert prepare_cat(**SMALL_NETWORK, size="452", octaves=4).recipe.octaves == 4
    assert prepare_cat(**SMALL_NETWORK, size="452", recipe_version=1).recipe.octaves == 4
    large = prepare_cat(**SMALL_NETWORK, scale="large").recipe
    assert (large.octaves, large.scale) == (6, "large")
    again = Recipe.from_json(large.to_json()).with_settings({"photo": "clouds"})
    assert prepare(again, CAT).recipe.octaves == 6
    assert prepare_cat(see="castle", preset="natural", scale="small").recipe.octaves == 1
    with pytest.raises(RecipeError, match=r"scale.*extent"):
        prepare_cat(see="castle", preset="named", scale="small")


def test_count_determines_the_octaves_unless_they_are_given():
    natural = {"see": "castle", "preset": "natural"}
    assert prepare_cat(**natural, count=1, size="full").recipe.octaves == 2
    assert prepare_cat(**natural, count=9).recipe.octaves == 1
    assert prepare_cat(see="castle", octaves=2, count=None).recipe.octaves == 2
    assert prepare_cat(see="castle", octaves=2).recipe.method == "octaves"
    given = Recipe.complete({"preset": "natural", "octaves": 7})
    assert (given.octaves, given.count) == (7, None)


def test_the_recipe_is_resolved():
    recipe = prepare_cat(**SMALL_NETWORK).recipe
    assert (recipe.size, recipe.precision, recipe.device) == ("226x150", "float32", "cpu")
    assert recipe.threads == torch.get_num_threads()
    assert recipe.tile != "auto"
    assert recipe.winograd != "auto"
    assert len(recipe.weights.sha256) == len(recipe.photo.sha256) == 64


def test_a_resolved_recipe_stays_the_same():
    recipe = prepare_cat(**SMALL_NETWORK).recipe
    assert prepare(recipe, CAT).recipe == recipe


def test_the_plan_describes_the_work():
    prepared = prepare_cat(**SMALL_NETWORK, octaves=2, iterations=1)
    for part in ("226×150", "2 octaves", "1 step", "float32 on cpu"):
        assert part in prepared.plan
    assert prepared.required_memory > 0


def test_a_mask_is_stretched_with_a_notice_and_stored_in_the_recipe():
    prepared = prepare_cat(**SMALL_NETWORK, mask=grey([[0, 255], [0, 255]]))
    assert prepared.mask.shape == (1, 1, 150, 226)
    assert prepared.mask[..., :40].max() == 0
    assert prepared.mask[..., -40:].min() == 1
    assert len(prepared.notices) == 1
    assert len(prepared.recipe.mask.sha256) == 64
    fitting = prepare_cat(**SMALL_NETWORK, mask=grey(np.full((75, 113), 128)))
    assert not fitting.notices
    assert fitting.mask.mean().item() == pytest.approx(128 / 255, abs=1e-3)


@pytest.mark.parametrize("size", [(9, 9), (150, 226)])
def test_a_black_mask_is_rejected(size):
    with pytest.raises(ImageError, match="white"):
        prepare_cat(**SMALL_NETWORK, mask=grey(np.zeros(size)))


def test_a_mask_by_class_finds_the_cat_for_a_network_without_classes():
    mask = prepare_cat(layer="relu2_1", mask="see(cat)")
    inverse = prepare_cat(layer="relu2_1", mask="not see(cat)")
    assert mask.recipe.mask == "see(cat)"
    assert torch.allclose(mask.mask + inverse.mask, torch.ones_like(mask.mask), atol=1e-6)
    face, corner = mask.mask[..., 40:90, 80:150].mean(), mask.mask[..., :30, :30].mean()
    assert face > 2 * corner


def test_another_mask_or_guide_than_the_recipes_is_rejected():
    white = grey(np.full((9, 9), 255))
    recipe = prepare_cat(**SMALL_NETWORK, guide=CAT, mask=white).recipe
    assert recipe.guides[0].name == "guide-1"
    assert prepare(recipe, CAT, InputFiles(white, {"guide-1": CAT})).recipe == recipe
    with pytest.raises(ImageError, match="mask"):
        prepare(recipe, CAT, InputFiles(grey(np.full((9, 9), 254)), {"guide-1": CAT}))
    with pytest.raises(ImageError, match="guide"):
        prepare(recipe, CAT, InputFiles(white, {"guide-1": CAT.rotate(9)}))
    with pytest.raises(ImageError, match="as mask"):
        prepare(recipe, CAT, InputFiles(guides={"guide-1": CAT}))
    with pytest.raises(ObjectiveError, match="guide-1"):
        prepare(recipe.with_settings({"mask": None}), CAT)


def test_guides_are_named_by_their_files(tmp_path):
    large = tmp_path / "large.png"
    Image.fromarray(skimage.data.coffee()).save(large)
    prepared = prepare_cat(guide=[str(large), CAT], layer="relu3_1")
    assert prepared.recipe.objective == (
        'patches("large.png", relu3_1) + patches("guide-2", relu3_1)'
    )
    assert max(prepared.guides["large.png"].shape) == 320
    assert prepare_cat(guide=CAT).recipe.objective == (
        'patches("guide-1", relu3_1) + patches("guide-1", relu4_1)'
    )


def test_unsuitable_guides_are_rejected(tmp_path):
    large = tmp_path / "large.png"
    CAT.save(large)
    with pytest.raises(ImageError, match="relu4_4"):
        prepare_cat(guide=CAT.resize((7, 9)), layer="relu4_4")
    with pytest.raises(RecipeError, match=r"large\.png"):
        prepare_cat(guide=[large, large])
    with pytest.raises(RecipeError, match="channel"):
        prepare_cat(guide=large, layer="relu3_1", channel=3)
