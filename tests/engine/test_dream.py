"""The one-call interface."""

import pytest
import skimage.data
import torch
from PIL import Image

import puppyslug
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.errors import PuppyslugError
from puppyslug.images import resize
from puppyslug.recipe import Recipe

CAT = Image.fromarray(skimage.data.chelsea()[::2, ::2])
SMALL = {
    "network": "efficientnet_lite0", "layer": "block_2", "octaves": 1, "iterations": 1,
    "precision": "float32",
}  # fmt: skip


def test_settings_and_shorthand_can_be_combined():
    dream = puppyslug.dream(
        CAT, **SMALL, see="goldfish", guide=CAT, mask="not see(cat)", keep_colours=True,
        strength=0.5, smooth=2, drawing_steps=1,
    )  # fmt: skip
    recipe = Recipe.from_json(dream.info["puppyslug"])
    assert recipe.objective == 'see(goldfish) + patches("guide-1", block_2)'
    assert (recipe.mask, recipe.strength, recipe.smooth) == ("not see(cat)", 0.5, "2")


def test_a_photo_keeps_its_alpha_channel_and_is_named_in_the_recipe(tmp_path):
    photo = Image.effect_noise((60, 40), 60).convert("RGBA")
    photo.putalpha(77)
    photo.save(tmp_path / "photo.png")
    dream = puppyslug.dream(tmp_path / "photo.png", **SMALL)
    assert (dream.mode, dream.size) == ("RGBA", (60, 40))
    assert dream.getchannel("A").getextrema() == (77, 77)
    recipe = Recipe.from_json(dream.info["puppyslug"])
    assert recipe.objective == "block_2"
    assert recipe.photo.name == "photo.png"


def test_an_image_in_memory_gives_the_same_dream_as_its_file(tmp_path):
    photo = Image.effect_noise((60, 40), 60).convert("RGB")
    photo.save(tmp_path / "photo.png")
    from_file = puppyslug.dream(str(tmp_path / "photo.png"), **SMALL)
    assert puppyslug.dream(photo, **SMALL).tobytes() == from_file.tobytes()


@pytest.mark.parametrize(
    "settings", [{"octaves": 0}, {"layer": "nothing"}, {"network": "nothing"}, {"colour": 3}]
)
def test_invalid_settings_raise_puppyslugs_own_errors(settings):
    with pytest.raises(PuppyslugError):
        puppyslug.dream("clouds", **settings)


def test_an_enlarged_dream_begins_with_the_smaller_one():
    """All steps up to the size of the composition are those of the smaller dream, exactly."""
    small = []
    settings = {
        "network": "efficientnet_lite0", "precision": "float32", "octaves": 2, "iterations": 2,
        "objective": "see(goldfish)", "rescale": 0.2,
    }  # fmt: skip
    dream = puppyslug.dream(CAT, on_step=small.append, size=96, seed=3, **settings)
    recipe = Recipe.from_json(dream.info["puppyslug"]).resized("200")
    large = list(dream_steps(prepare(recipe, CAT)))
    assert len(small) == 4 < len(large)
    for one, other in zip(small, large, strict=False):
        assert torch.equal(one.image, other.image)
    start = resize(small[-1].detail, large[-1].image.shape[-2:])
    likeness = torch.nn.functional.cosine_similarity
    refined = likeness(large[-1].detail.flatten(), start.flatten(), dim=0)
    earlier = prepare(recipe.with_settings({"enlarge": "dream"}), CAT)
    *_, last = dream_steps(earlier)
    assert refined > likeness(last.detail.flatten(), start.flatten(), dim=0) + 0.1
