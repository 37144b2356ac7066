"""Balance of an objective's terms by the size of their gradients."""

import pytest
import torch

from puppyslug.engine.balancing import balance, gradient_magnitudes
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import Objective, parse_objective
from puppyslug.recipe import Recipe
from support.dream_runs import last_step, toy_recipe


def test_equal_weights_have_equal_gradients(toy, picture):
    objective = parse_objective("relu1 + 1000*relu2 - 0.001*relu2:3")
    terms = [term for _, term in objective.terms]
    balanced = balance(objective, gradient_magnitudes(toy, terms, picture))
    shares = [
        value_and_gradient(toy, Objective((one,)), picture)[1].abs().mean().item()
        for one in balanced.terms
    ]
    unit = shares[0]
    assert shares == pytest.approx([unit, 1000 * unit, 0.001 * unit], rel=1e-4)
    assert [weight > 0 for weight, _ in balanced.terms] == [True, True, False]


def test_terms_without_a_gradient_keep_their_weight():
    objective = parse_objective("2*relu1 + 3*relu2")
    assert [weight for weight, _ in balance(objective, [0.0, 4.0]).terms] == [2, 3]
    assert [weight for weight, _ in balance(objective, [0.0, 0.0]).terms] == [2, 3]
    assert [weight for weight, _ in balance(objective, [8.0, 4.0]).terms] == [1, 3]


def test_a_mix_shows_both_terms(toy, picture):
    """In a plain sum of very different terms, one of them takes all."""

    def dream(objective, **settings):
        recipe = toy_recipe(objective=objective, **settings)
        return (last_step(picture, recipe, toy).image - picture).flatten()

    def likeness(one, other):
        return float(torch.nn.functional.cosine_similarity(one, other, dim=0))

    first, second = dream("relu1"), dream("relu2")
    plain = dream("1000*relu1 + relu2", balance="sum")
    assert likeness(plain, first) > 0.99
    apart = likeness(first, second)
    mixed = dream("relu1 + relu2")
    assert likeness(mixed, first) > apart + 0.1
    assert likeness(mixed, second) > apart + 0.1
    unequal = dream("0.2*relu1 + relu2")
    assert likeness(unequal, second) > likeness(mixed, second)


def test_a_single_term_and_earlier_recipes_are_not_balanced(toy, picture):
    single = [last_step(picture, toy_recipe(balance=one), toy).image for one in ("sum", "gradient")]
    assert torch.equal(*single)
    assert Recipe.complete({"recipe_version": 1}).balance == "sum"
    assert Recipe.complete({}).balance == "gradient"
