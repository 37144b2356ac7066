"""The one-call interface."""

import pytest
import skimage.data
from PIL import Image

import puppyslug
from puppyslug.errors import PuppyslugError
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
