"""Patches of a guide, against matching patch by patch in NumPy."""

import numpy as np
import pytest
import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import parse_objective, patches
from puppyslug.objectives.terms import patches as patches_term
from puppyslug.recipe import Recipe


def patches_of(padded: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    rows, columns = padded.shape[1] - 2, padded.shape[2] - 2
    return {
        (row, column): padded[:, row : row + 3, column : column + 3]
        for row in range(rows)
        for column in range(columns)
    }


def mean_of_best_matches(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """For every patch of x (C×H×W) the most similar one of y; the mean where they overlap."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
    candidates = list(patches_of(y).values())
    total, count = np.zeros_like(padded), np.zeros_like(padded)
    for (row, column), patch in patches_of(padded).items():
        similarity = [(patch * one).sum() / np.linalg.norm(one) for one in candidates]
        total[:, row : row + 3, column : column + 3] += candidates[int(np.argmax(similarity))]
        count[:, row : row + 3, column : column + 3] += 1
    return (total / count)[:, 1:-1, 1:-1]


@pytest.fixture
def guide_picture():
    return torch.rand(1, 3, 30, 22, generator=torch.Generator().manual_seed(8))


@pytest.fixture
def bound(toy, guide_picture):
    context = DreamTermContext(toy, guide_picture, {"flowers.jpg": guide_picture})
    return patches("flowers.jpg", "relu2").bind(context)


def test_the_gradient_leads_to_the_mean_of_the_best_matches(toy, picture, guide_picture, bound):
    source = picture.clone().requires_grad_()
    activation = toy.activations(source, ["relu2"])["relu2"]
    y = toy.activations(guide_picture, ["relu2"])["relu2"][0].numpy()
    target = torch.from_numpy(mean_of_best_matches(activation.detach()[0].numpy(), y))
    (expected,) = torch.autograd.grad(activation, source, target[None] - activation.detach())
    scores, gradient = value_and_gradient(toy, bound, picture)
    size = activation.numel()
    assert torch.allclose(gradient * size, expected, atol=1e-4 * expected.abs().max())
    difference = (activation.detach()[0] - target).square().sum()
    assert scores.item() == pytest.approx(-0.5 * difference.item() / size, rel=1e-4)


def test_matching_in_blocks_and_in_tiles_is_the_same(toy, picture, bound, monkeypatch):
    scores, gradient = value_and_gradient(toy, bound, picture)
    monkeypatch.setattr(patches_term, "_BLOCK_NUMBERS", 1000)
    tiled = value_and_gradient(toy, bound, picture, (12, 18))
    assert torch.allclose(tiled[0], scores, rtol=1e-4)
    assert (tiled[1] - gradient).abs().max() <= 1e-4 * gradient.abs().mean()


def test_a_large_guide_is_thinned_out(toy, monkeypatch):
    monkeypatch.setattr(patches_term, "MAX_PATCHES", 30)
    image = torch.rand(1, 3, 60, 60)
    context = DreamTermContext(toy, image, {"a.jpg": image})
    ((_, term),) = patches("a.jpg", "relu2").bind(context).terms
    assert 10 < term.features.shape[1] <= 30


def test_a_picture_of_the_guide_itself_is_near_the_maximum(toy, guide_picture, bound):
    scores, _ = value_and_gradient(toy, bound, guide_picture)
    noise = torch.rand_like(guide_picture)
    assert value_and_gradient(toy, bound, noise)[0] < 5 * scores  # 0 except at the borders


def test_the_distance_falls_in_every_octave(toy, picture, guide_picture):
    recipe = Recipe.complete(
        {"objective": 'patches("a.jpg", relu2)', "octaves": 2, "iterations": 5, "jitter": 4}
    )
    steps = list(dream_steps(picture, recipe, toy, guides={"a.jpg": guide_picture}))
    scores = np.array([step.score for step in steps]).reshape(2, 5)
    assert (scores[:, -1] > scores[:, 0]).all()


def test_text_and_back():
    text = 'patches("a b.jpg", relu3_1) - 0.5*guide("c.jpg", relu4_1)'
    assert str(parse_objective(text)) == text
