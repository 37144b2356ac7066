"""Endless zoom and journey."""

import numpy as np
import pytest
import torch

from puppyslug.images.colour import colourfulness
from puppyslug.recipe import Recipe
from puppyslug.video.zoom import MAX_CONTRAST, journey_recipe, limit_contrast, zoom_frames
from support.toy_dreams import prepare_toy


def test_a_zoom_resumes_at_any_frame_with_the_same_pixels(toy, picture):
    prepared = prepare_toy(toy, picture, zoom=1.1, rotate=3, pan_x=1)
    frames = list(zoom_frames(prepared, 6))
    assert len(frames) == 6
    for first in range(1, 6):
        remaining = list(zoom_frames(prepared, 6, state=frames[first - 1].state))
        for frame, expected in zip(remaining, frames[first:], strict=True):
            assert np.array_equal(frame.pixels, expected.pixels)
    assert not np.array_equal(frames[4].pixels, frames[5].pixels)


def test_every_step_is_reported(toy, picture):
    steps = []
    list(zoom_frames(prepare_toy(toy, picture), 2, on_step=steps.append))
    assert len(steps) == 2 * 2 * 2  # frames, octaves, iterations


@pytest.mark.parametrize("contrast", [0.1, 0.5])
def test_the_contrast_is_limited_and_the_mean_colour_kept(picture, contrast):
    image = (0.5 + (picture - 0.5) * contrast * 4).clamp(0, 1)
    mean = image.mean((2, 3), keepdim=True)
    limited = limit_contrast(image, mean)
    assert float((limited - mean).square().mean().sqrt()) <= MAX_CONTRAST + 1e-4
    assert torch.allclose(limited.mean((2, 3)), image.mean((2, 3)), atol=1e-5)


def test_the_mean_colour_returns_to_the_target(picture):
    target = picture.mean((2, 3), keepdim=True)
    red = picture.clone()
    red[:, 0] = 0.9
    for _ in range(60):
        red = limit_contrast(red, target)
    assert torch.allclose(red.mean((2, 3)), target[..., 0, 0], atol=0.01)


def test_feedback_with_large_steps_does_not_saturate(toy, picture):
    last = list(zoom_frames(prepare_toy(toy, picture, step_size=60, zoom=1.02), 8))[-1].pixels
    assert last.std() / 255 < MAX_CONTRAST + 0.1


def test_a_journey_uses_its_layers_in_order_and_fades_between_them():
    layers = ["relu4_1", "relu3_1", "relu2_1"]
    recipe = journey_recipe(Recipe.complete({}), layers, 10, 4)
    for frame in range(30):
        found = {recipe.at_step(frame, 0, step).objective for step in range(40)}
        distance = min(abs(frame - transition) for transition in (10, 20))
        assert found == {layers[frame // 10]} or distance < 2
    assert {recipe.at_step(10, 0, step).objective for step in range(40)} == {"relu4_1", "relu3_1"}
    objectives = [recipe.at_step(11, 0, step).objective for step in range(200)]
    assert objectives.count("relu3_1") / 200 == pytest.approx(0.75, abs=0.03)


def test_a_journey_without_crossfade_changes_at_once():
    recipe = journey_recipe(Recipe.complete({}), ["relu4_1", "relu3_1"], 10, 0)
    for frame, layer in ((9, "relu4_1"), (10, "relu3_1")):
        assert {recipe.at_step(frame, 0, step).objective for step in range(40)} == {layer}


def test_a_zoom_of_a_photo_keeps_its_colourfulness(toy, picture):
    photo = 0.4 + 0.2 * picture
    settings = {"step_size": 12, "zoom": 1.02, "iterations": 4}

    def last_colourfulness(**more):
        prepared = prepare_toy(toy, photo, **settings, **more)
        last = list(zoom_frames(prepared, 8))[-1]
        return colourfulness(torch.from_numpy(last.pixels).permute(2, 0, 1)[None] / 255).item()

    first = colourfulness(photo).item()
    assert last_colourfulness() <= 1.1 * first + 0.003
    assert last_colourfulness(colour_limit=0) > 2 * first
    assert last_colourfulness(recipe_version=1) > 2 * first


def test_saturation_of_a_zoom_applies_to_frames_and_is_not_fed_back(toy, picture):
    plain, grey = (
        list(zoom_frames(prepare_toy(toy, picture, saturation=one), 3)) for one in (1.0, 0.0)
    )
    for one, other in zip(plain, grey, strict=True):
        assert np.array_equal(one.state["picture"], other.state["picture"])
        assert np.ptp(other.pixels.astype(int), axis=2).max() <= 1


def test_curves_change_the_settings_of_every_frame(toy, picture):
    prepared = prepare_toy(toy, picture)
    values = {"zoom": (1.0, 1.3, 1.1), "step_size": (1.0, 2.0, 4.0), "iterations": (2, 1, 3)}
    steps: list = []
    frames = list(zoom_frames(prepared, 3, values=values, on_step=steps.append))
    found = [(one.recipe.zoom, one.recipe.step_size, one.recipe.iterations) for one in steps]
    octaves = prepared.recipe.octaves
    expected = zip(*values.values(), strict=True)
    assert found == [one for one in expected for _ in range(octaves * one[2])]
    rest = list(zoom_frames(prepared, 3, values=values, state=frames[0].state))
    for frame, again in zip(frames[1:], rest, strict=True):
        assert np.array_equal(frame.pixels, again.pixels)
