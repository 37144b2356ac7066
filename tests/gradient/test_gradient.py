"""Scores and gradients, against finite differences."""

import pytest
import torch

from puppyslug.gradient.executor import execute_locally
from puppyslug.gradient.gradient import tile_gradient, tile_summaries, value_and_gradient
from puppyslug.objectives import parse_objective


@pytest.mark.parametrize(
    "text",
    ["relu2", "relu1", "conv2:3", "conv2:3@4,5", "2*relu2 - 0.5*conv1:1 + relu1", "see(goldfish)"],
)
def test_the_gradient_equals_finite_differences(toy, picture, text):
    objective = parse_objective(text, toy.find_label)
    scores, gradient = value_and_gradient(toy, objective, picture)
    assert torch.equal(scores, objective.score(toy.activations(picture, objective.layers)))
    step = 1e-3 * gradient / gradient.abs().max()
    ahead, behind = (
        objective.score(toy.activations(image, objective.layers))
        for image in (picture + step, picture - step)
    )
    assert (ahead - behind).item() == pytest.approx(2 * (step * gradient).sum().item(), rel=0.02)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("relu2", [tile_gradient]), ("see(goldfish)", [tile_summaries, tile_gradient])],
)
def test_the_executor_evaluates_all_tiles_and_first_the_summaries_of_global_terms(
    toy, picture, text, expected
):
    calls = []

    def record(network, function, arguments):
        arguments = list(arguments)
        calls.append((function, len(arguments)))
        return execute_locally(network, function, arguments)

    objective = parse_objective(text)
    _, gradient = value_and_gradient(toy, objective, picture, (20, 26), record)
    assert calls == [(function, 4) for function in expected]
    _, local = value_and_gradient(toy, objective, picture, (20, 26))
    assert torch.equal(gradient, local)


def test_neither_the_image_nor_the_network_keeps_a_gradient(toy, picture):
    value_and_gradient(toy, parse_objective("relu2"), picture)
    assert picture.grad is None
    assert not picture.requires_grad
