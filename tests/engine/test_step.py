"""One step of gradient ascent."""

import numpy as np
import pytest
import torch

from puppyslug.engine.step import GradientAscent
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.executor import execute_locally
from puppyslug.images.filters import blur
from puppyslug.objectives import parse_objective
from puppyslug.recipe import Recipe
from support.dream_runs import constant_gradient

OBJECTIVE = parse_objective("relu2")


def ascend(network, image, settings, executor=execute_locally, **arguments):
    """Take one step with these recipe settings."""
    ascent = GradientAscent(network, np.random.default_rng(0), executor)
    return ascent.step(image, OBJECTIVE, Recipe.complete(settings), **arguments)


def test_the_mean_change_is_the_step_size(toy, picture):
    grey = 0.4 + 0.2 * picture
    stepped, _ = ascend(toy, grey, {"step_size": 1.5, "jitter": 7})
    assert (stepped - grey).abs().mean().item() == pytest.approx(1.5 / 255, rel=1e-3)


def test_values_are_clipped(toy, picture):
    stepped, _ = ascend(toy, picture, {"step_size": 999, "jitter": 7})
    assert stepped.min() == 0
    assert stepped.max() == 1


def test_each_image_of_a_batch_is_normalised_separately(toy, picture):
    batch = torch.cat([picture, picture * 0.1 + 0.4])
    stepped, scores = ascend(toy, batch, {"step_size": 2, "jitter": 0})
    for index in range(2):
        single, score = ascend(toy, batch[index : index + 1], {"step_size": 2, "jitter": 0})
        assert torch.allclose(stepped[index], single[0], atol=1e-5)
        assert torch.allclose(scores[index], score[0])


def test_an_image_without_gradient_stays_the_same(toy, picture):
    stepped, _ = ascend(toy, picture, {"step_size": 2, "jitter": 3}, constant_gradient(0.0))
    assert torch.equal(stepped, picture)


def test_an_overflow_names_the_objective_and_the_precision(toy, picture):
    with pytest.raises(ObjectiveError, match=r"relu2.*float32.*smaller weights"):
        ascend(toy, picture, {}, constant_gradient(float("nan")))


def test_the_natural_palette_limits_fine_detail_to_luminance(toy, picture):
    grey = 0.4 + 0.2 * picture

    def fine_chroma(palette):
        change = ascend(toy, grey, {"jitter": 0, "palette": palette})[0] - grey
        chroma = change - change.mean(1, keepdim=True)
        return ((chroma - blur(chroma, 2)).abs().mean() / change.abs().mean()).item()

    assert fine_chroma("natural") < 0.3 * fine_chroma("vivid")


def test_a_focus_concentrates_the_step(toy, picture):
    grey = 0.4 + 0.2 * picture
    focus = torch.zeros(1, 1, 40, 52)
    focus[..., 10:20, 10:20] = 1
    change = (ascend(toy, grey, {"step_size": 0.5, "jitter": 3}, focus=focus)[0] - grey).abs()
    assert change.mean().item() == pytest.approx(0.5 / 255, rel=1e-3)
    assert change[..., :10, :].max() == 0


def test_a_mask_scales_the_step(toy, picture):
    grey = 0.4 + 0.2 * picture
    mask = torch.zeros(1, 1, 40, 52)
    mask[..., 26:] = 0.5
    full = ascend(toy, grey, {"jitter": 3})[0] - grey
    masked = ascend(toy, grey, {"jitter": 3}, mask=mask)[0]
    assert torch.equal(masked[..., :26], grey[..., :26])
    assert torch.allclose((masked - grey)[..., 26:], 0.5 * full[..., 26:], atol=1e-6)


def test_tiles_give_the_same_step(toy, picture):
    whole, tiled = (ascend(toy, picture, {"jitter": 3}, tile=tile)[0] for tile in (None, (16, 20)))
    assert torch.allclose(whole, tiled, atol=1e-5)
