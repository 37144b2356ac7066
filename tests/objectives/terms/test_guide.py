"""The guide, against a port of the notebook's dot-product matching to NumPy."""

import numpy as np
import pytest
import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ImageError, ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import guide, parse_objective
from puppyslug.objectives.terms import guide as guide_term
from puppyslug.recipe import Recipe


def best_features(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The notebook's ``objective_guide``: for every position of x, the best of y (C×N, C×M)."""
    table = x.T.dot(y)
    return y[:, table.argmax(1)]


@pytest.fixture
def guide_picture():
    return torch.rand(1, 3, 30, 22, generator=torch.Generator().manual_seed(8))


@pytest.fixture
def bound(toy, guide_picture):
    context = DreamTermContext(toy, guide_picture, {"flowers.jpg": guide_picture})
    return guide("flowers.jpg", "relu2").bind(context)


def test_gradient_is_the_best_matching_feature(toy, picture, guide_picture, bound):
    source = picture.clone().requires_grad_()
    activation = toy.activations(source, ["relu2"])["relu2"]
    x = activation.detach()[0].flatten(1).numpy()
    y = toy.activations(guide_picture, ["relu2"])["relu2"][0].flatten(1).numpy()
    best = torch.from_numpy(best_features(x, y)).reshape(activation.shape)
    (expected,) = torch.autograd.grad(activation, source, best)
    scores, gradient = value_and_gradient(toy, bound, picture)
    assert torch.allclose(gradient * x.size, expected, atol=1e-4 * expected.abs().max())
    assert scores.item() == pytest.approx((x.T @ y).max(1).sum() / x.size, rel=1e-4)


def test_matching_in_blocks_and_in_tiles_is_the_same(toy, picture, bound, monkeypatch):
    scores, gradient = value_and_gradient(toy, bound, picture)
    monkeypatch.setattr(guide_term, "_BLOCK_NUMBERS", 1000)
    blocks = value_and_gradient(toy, bound, picture)
    assert torch.allclose(blocks[0], scores)
    assert torch.allclose(blocks[1], gradient, atol=1e-6)
    tiled = value_and_gradient(toy, bound, picture, (12, 18))
    assert torch.allclose(tiled[0], scores, rtol=1e-4)
    assert (tiled[1] - gradient).abs().max() <= 1e-4 * gradient.abs().mean()


def test_the_best_match_rises_in_every_octave(toy, picture, guide_picture):
    recipe = Recipe.complete(
        {"objective": 'guide("flowers.jpg", relu2)', "octaves": 3, "iterations": 5, "jitter": 4}
    )
    steps = list(dream_steps(picture, recipe, toy, guides={"flowers.jpg": guide_picture}))
    for octave in range(3):
        scores = [step.score for step in steps if step.octave == octave]
        assert scores[-1] > scores[0]


def test_a_guide_that_is_missing_or_too_small_is_refused(toy, picture):
    recipe = Recipe.complete({"objective": 'guide("flowers.jpg", relu2)', "octaves": 1})
    with pytest.raises(ObjectiveError, match=r"flowers.jpg"):
        next(dream_steps(picture, recipe, toy))
    tiny = {"flowers.jpg": torch.rand(1, 3, 1, 9)}
    with pytest.raises(ImageError, match=r"9×1.* relu2.* 2×2"):
        next(dream_steps(picture, recipe, toy, guides=tiny))
    with pytest.raises(ObjectiveError, match=r"a\.jpg"):
        parse_objective('guide("a.jpg", relu2)').score({"relu2": torch.rand(1, 6, 4, 4)})
