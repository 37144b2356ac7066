import numpy as np
import pytest
import torch

from puppyslug.engine.step import ascend
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import parse_objective
from puppyslug.recipe.recipe import Recipe


def moving(step_size, jitter):
    return Recipe.complete({"step_size": step_size, "jitter": jitter})


@pytest.mark.parametrize(
    "text",
    ["relu2", "relu1", "conv2:3", "conv2:3@4,5", "2*relu2 - 0.5*conv1:1 + relu1", "see(goldfish)"],
)
def test_gradient_equals_finite_differences(toy, picture, text):
    objective = parse_objective(text)
    scores, gradient = value_and_gradient(toy, objective, picture)
    assert torch.equal(scores, objective.score(toy.activations(picture, objective.layers)))
    step = 1e-3 * gradient / gradient.abs().max()
    ahead, behind = (
        objective.score(toy.activations(image, objective.layers))
        for image in (picture + step, picture - step)
    )
    assert (ahead - behind).item() == pytest.approx(2 * (step * gradient).sum().item(), rel=0.02)


def test_a_step_moves_by_its_size_and_clips(toy, picture):
    middle = 0.4 + 0.2 * picture
    objective = parse_objective("relu2")
    stepped, _ = ascend(middle, objective, toy, moving(1.5, 7), generator=np.random.default_rng(0))
    assert (stepped - middle).abs().mean().item() == pytest.approx(1.5 / 255, rel=1e-3)
    far, _ = ascend(middle, objective, toy, moving(999, 7), generator=np.random.default_rng(0))
    assert far.min() == 0
    assert far.max() == 1


def test_each_picture_of_a_batch_has_its_own_normalisation(toy, picture):
    batch = torch.cat([picture, picture * 0.1 + 0.4])
    objective = parse_objective("relu2")
    together, scores = ascend(
        batch, objective, toy, moving(2, 0), generator=np.random.default_rng(0)
    )
    for index in range(2):
        alone, score = ascend(
            batch[index : index + 1],
            objective,
            toy,
            moving(2, 0),
            generator=np.random.default_rng(0),
        )
        assert torch.allclose(together[index], alone[0], atol=1e-5)
        assert torch.allclose(scores[index], score[0])


def test_where_nothing_responds_the_picture_stays(toy, picture):
    def silent(network, objective, image, tile):
        return torch.zeros(1), torch.zeros_like(image)

    stepped, _ = ascend(
        picture,
        parse_objective("relu2"),
        toy,
        moving(2, 3),
        generator=np.random.default_rng(0),
        gradient=silent,
    )
    assert torch.equal(stepped, picture)
