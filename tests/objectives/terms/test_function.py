"""The term of a function of the caller's."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity

import puppyslug
from puppyslug.engine.loop import dream_steps
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import channel, parse_objective
from puppyslug.objectives.factories import objective
from support.dream_runs import toy_recipe
from support.toy_dreams import prepare_toy
from support.toy_network import toy_spec


def third_channel(activation):
    return activation[:, 3]


def test_the_mean_of_scores_of_positions_equals_the_channels_whole_and_in_tiles(toy, picture):
    own, known = objective(third_channel, "relu2"), channel("relu2", 3)
    for tile in (None, (16, 16)):
        scores, gradient = value_and_gradient(toy, own, picture, tile)
        expected_scores, expected = value_and_gradient(toy, known, picture, tile)
        assert torch.allclose(scores, expected_scores, atol=1e-6)
        assert torch.allclose(gradient, expected, atol=1e-7)


def test_scores_of_images_are_ascended_in_sums_and_restored_from_text(toy, picture):
    direction = torch.randn(6, generator=torch.Generator().manual_seed(0))

    def cosine(activation):
        return cosine_similarity(activation.mean((2, 3)), direction, dim=1)

    both = 2 * objective(cosine, "conv2") + puppyslug.layer("relu1")
    assert parse_objective(str(both)) == both
    recipe = toy_recipe(objective=both, octaves=1, iterations=6, jitter=0)
    steps = list(dream_steps(picture, recipe, toy))
    assert steps[-1].score > steps[0].score
    with torch.no_grad():
        before, after = (
            cosine(toy.activations(one, ["conv2"])["conv2"]) for one in (picture, steps[-1].image)
        )
    assert after > before


def test_two_functions_of_one_name_are_two_objectives(toy, picture):
    one, other = (objective(lambda a, n=n: n * a.mean((1, 2, 3)), "relu2") for n in (1, 3))
    assert one != other
    scores = [value_and_gradient(toy, each, picture)[0] for each in (one, other)]
    assert torch.allclose(3 * scores[0], scores[1])


def test_pictures_of_functions_are_saved_without_a_recipe(toy, picture):
    own = objective(third_channel, "relu2")
    for text, has_recipe in (("relu2", True), (str(own), False)):
        *_, last = dream_steps(prepare_toy(toy, picture, objective=text))
        assert (last.saved_recipe is not None) == has_recipe
    network = puppyslug.Network.from_module(nn.Conv2d(3, 4, 3), trained_at=32)
    own = objective(third_channel, "output")
    portrait = puppyslug.portrait(own, network, size=16, steps=2)
    assert "puppyslug" not in portrait.to_pil().info


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda a: a, r"shape \(1, 6, 20, 26\).*each position, \(1, 20, 26\)"),
        (lambda _: 3.0, "float"),
    ],
)
def test_a_function_that_returns_no_scores_is_refused(toy, picture, function, named):
    with pytest.raises(ObjectiveError, match=named):
        value_and_gradient(toy, objective(function, "relu2"), picture)


def test_a_score_of_the_whole_image_is_not_computed_in_tiles(toy, picture):
    with pytest.raises(ObjectiveError, match="whole image"):
        value_and_gradient(toy, objective(lambda a: a.sum(), "relu2"), picture, (16, 16))


def test_what_is_no_function_and_a_function_of_another_program_are_refused():
    with pytest.raises(ObjectiveError, match="str"):
        objective("relu2:3", "relu2")
    unknown = parse_objective("function(of_another_program, relu2)")
    with pytest.raises(ObjectiveError, match=r"of_another_program.*puppyslug\.objective"):
        unknown.check(toy_spec(), (40, 52))
