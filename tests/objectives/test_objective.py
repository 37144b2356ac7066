"""The algebra of objectives, and their scores."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import NetworkError, ObjectiveError
from puppyslug.labels import find_label
from puppyslug.objectives import (
    MapRegion,
    Objective,
    channel,
    guide,
    layer,
    neuron,
    parse_objective,
)
from puppyslug.objectives.terms.channel import ChannelTerm
from support.objectives import objectives
from support.toy_network import toy_spec


def activation(seed=0):
    return torch.randn(2, 6, 5, 7, generator=torch.Generator().manual_seed(seed))


def test_algebra_and_text_agree():
    objective = 2 * layer("relu4_4") - 0.5 * channel("relu5_1", 12) + neuron("relu1_1", 3, (4, 5))
    assert str(objective) == "2*relu4_4 - 0.5*relu5_1:12 + relu1_1:3@4,5"
    assert parse_objective("  2 * relu4_4-0.5*relu5_1 : 12+relu1_1:3@4,5 ") == objective
    assert parse_objective("-relu4_4:1@c") == -neuron("relu4_4", 1)
    assert objective.layers == ("relu4_4", "relu5_1", "relu1_1")


def test_weights_must_be_finite_and_not_all_zero():
    for weight in (0.0, math.nan, math.inf, 2e6):
        with pytest.raises(ObjectiveError):
            weight * layer("relu1")


def test_scores_are_the_formulas():
    a = activation()
    scores = parse_objective("3*x - 2*x:4 + x:1@2,3 + x:5@c").score({"x": a})
    expected = (
        3 * 0.5 * (a**2).mean((1, 2, 3)) - 2 * a[:, 4].mean((1, 2)) + a[:, 1, 2, 3] + a[:, 5, 2, 3]
    )
    assert torch.allclose(scores, expected, atol=1e-6)


@given(st.integers(0, 5), st.integers(0, 7), objectives)
def test_scores_of_regions_add_up(row, column, objective):
    a = activation(1)
    terms = []
    for weight, term in objective.terms:
        channels = [term.channel % 6] if isinstance(term, ChannelTerm) else []
        terms.append((math.copysign(1.0, weight), type(term)("x", *channels)))
    objective = Objective(tuple(terms))
    total = sum(
        objective.score_regions(
            {"x": MapRegion(a[:, :, rows, columns], (5, 7), rows.start, columns.start)}
        )
        for rows in (slice(0, row), slice(row, 5))
        for columns in (slice(0, column), slice(column, 7))
    )
    assert torch.allclose(total, objective.score({"x": a}), atol=1e-5)


def test_check_names_what_does_not_exist():
    spec, size = toy_spec(), (40, 52)
    parse_objective("relu2:5@19,25 + relu1:3").check(spec, size)
    with pytest.raises(NetworkError, match=r"relu3.*relu2 or relu1"):
        parse_objective("relu3").check(spec, size)
    with pytest.raises(ObjectiveError, match=r"relu2.* 6.*0 to 5"):
        parse_objective("relu2:6").check(spec, size)
    with pytest.raises(ObjectiveError, match=r"20 rows.*26 columns"):
        parse_objective("relu2:5@20,0").check(spec, size)


def test_positions_move_with_the_size_of_the_image():
    objective = parse_objective("relu2:5@10,24 + relu2:1@c")
    scaled = objective.scale_positions(toy_spec(), (40, 52), (20, 26))
    assert str(scaled) == "relu2:5@5,12 + relu2:1@c"


def test_it_lists_what_its_terms_need():
    objective = parse_objective("see(3) - see(5) + see(any shark)", find_label) + guide(
        "a.jpg", "relu1"
    )
    assert objective.classes == (2, 3, 4)
    assert objective.references == ("a.jpg",)
    assert objective.layers == ("labels", "relu1")
    assert objective.global_layers == ("labels",)
