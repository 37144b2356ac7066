"""Batches of objectives: scores and gradients per image, and the penalty on similarity."""

import pytest
import torch

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import Batch, channel, layer, see


def test_every_image_has_its_own_score_and_gradient(toy):
    images = torch.rand(3, 3, 24, 24)
    objectives = (channel("relu2", 1), layer("relu1"), see("goldfish") + 0.5 * channel("relu1", 2))
    scores, gradient = value_and_gradient(toy, Batch(objectives), images)
    for number, objective in enumerate(objectives):
        score, own_gradient = value_and_gradient(toy, objective, images[number : number + 1])
        assert float(scores[number]) == pytest.approx(float(score), rel=1e-5)
        assert torch.allclose(gradient[number], own_gradient[0], atol=1e-7)


def test_diversity_penalises_images_that_are_similar(toy):
    one, other = torch.rand(2, 1, 3, 24, 24)
    objectives = (channel("relu2", 1),) * 2
    plain, _ = value_and_gradient(toy, Batch(objectives), torch.cat([one, one]))
    equal, _ = value_and_gradient(toy, Batch(objectives, 0.5), torch.cat([one, one]))
    assert torch.allclose(equal, plain - 0.5 * plain.abs(), rtol=1e-4)
    different, gradient = value_and_gradient(toy, Batch(objectives, 0.5), torch.cat([one, other]))
    assert different[0] > equal[0]
    assert gradient.abs().sum() > 0
