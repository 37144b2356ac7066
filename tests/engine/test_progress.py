"""The state that each step yields."""

import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep, Progress
from puppyslug.images import RECIPE_KEY
from puppyslug.recipe import Recipe
from support.dream_runs import last_step, toy_recipe


def test_steps_are_numbered_across_octaves():
    progress = Progress(
        octave=2, octaves=3, step=1, steps=4, scores=torch.tensor([0.25, 0.75]), fraction=0.9
    )
    assert progress.number == 10
    assert progress.score == 0.5


def test_every_step_renders_at_full_size_and_smaller(toy, picture):
    first, *_, last = dream_steps(picture, toy_recipe(), toy)
    for step in (first, last):
        assert step.picture().shape == picture.shape
        assert step.picture((20, 26)).shape == (1, 3, 20, 26)
    assert torch.equal(last.picture(), last.image)


def test_grew_tells_whether_the_dream_changed_the_photo(toy, picture):
    assert last_step(picture, toy_recipe(octaves=1), toy).grew
    unchanged = DreamStep(
        octave=0, octaves=1, step=0, steps=1, scores=torch.zeros(1), fraction=1.0,
        image=picture, base=picture, start=picture, mask=None, recipe=toy_recipe(),
    )  # fmt: skip
    assert not unchanged.grew


def test_strength_0_renders_the_photo(toy, picture):
    assert torch.equal(last_step(picture, toy_recipe(strength=0), toy).picture(), picture)


def test_a_pillow_image_has_the_recipe_and_the_alpha_channel(toy, picture):
    prepared = PreparedDream(picture, toy_recipe(), toy, is_reproducible=True)
    step = last_step(prepared)
    image = step.to_pil(torch.full((1, 1, 40, 52), 0.2))
    assert (image.mode, image.size) == ("RGBA", (52, 40))
    assert image.getchannel("A").getextrema() == (51, 51)
    assert step.to_pil().mode == "RGB"
    stored = Recipe.from_json(toy_recipe().to_json())
    assert stored.objective in image.info[RECIPE_KEY]
    assert RECIPE_KEY not in last_step(picture, toy_recipe(), toy).to_pil().info
