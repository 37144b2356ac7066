"""``portrait``: several objectives, callbacks, and sheets."""

import cv2
import numpy as np
import pytest
import torch

import puppyslug


def draw(objectives, network, **settings):
    return puppyslug.portrait(objectives, network, **{"size": 40, "steps": 6, **settings})


def test_other_objectives_beside_it_leave_a_portrait_and_its_score_alone(toy):
    """Only variants of one objective are kept apart by a penalty, unless the caller asks for it."""
    together = draw(["conv2:0", "conv2:1"], toy)
    expected = draw(["conv2:0", "conv2:1"], toy, diversity=0)
    assert torch.equal(together.images, expected.images)
    assert together.recipe.diversity == 0
    assert together.scores == expected.scores
    assert draw(["conv2:0", "conv2:1"], toy, diversity=3.0).scores < expected.scores
    variants = draw("conv2:0", toy, batch=2)
    assert variants.recipe.diversity > 0
    assert torch.equal(variants.images, draw(["conv2:0"] * 2, toy).images)


@pytest.mark.parametrize("false", [False, np.False_, torch.tensor(False), torch.tensor([False])])
def test_false_of_any_library_ends_a_portrait(toy, false):
    assert draw("conv2:0", toy, on_step=lambda step: false).recipe.stop_after == 1


@pytest.mark.parametrize(
    "other", [None, 0, 0.0, True, np.True_, torch.tensor(True), torch.tensor([False, True])]
)
def test_other_results_of_a_callback_do_not_end_it(toy, other):
    assert draw("conv2:0", toy, on_step=lambda step: other).recipe.stop_after is None


@pytest.mark.parametrize("settings", [{}, {"transparent": True}, {"size": 200}])
def test_a_sheet_shows_every_portrait(toy, settings):
    portrait = draw([f"conv2:{n}" for n in range(3)], toy, steps=2, **settings)
    sheet = np.asarray(portrait.to_sheet())
    size = portrait.recipe.size
    factor = -(-160 // size)
    row = np.asarray(portrait.to_pil().convert("RGBA"), dtype=float)
    opacity = row[..., 3:] / 255
    shown = row[..., :3] * opacity + 255 * (1 - opacity)
    for number in range(3):
        wanted = shown[:, number * size : (number + 1) * size].repeat(factor, 0).repeat(factor, 1)
        differences = cv2.matchTemplate(
            sheet.astype("float32"), wanted.astype("float32"), cv2.TM_SQDIFF
        )
        assert differences.min() / wanted.size < 1  # square grey levels: rounding only
