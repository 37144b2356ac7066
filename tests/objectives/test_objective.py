import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import NetworkError, ObjectiveError
from puppyslug.objectives import (
    ChannelTerm,
    GuideTerm,
    LayerTerm,
    NeuronTerm,
    Objective,
    Part,
    channel,
    layer,
    neuron,
    parse_objective,
    see,
)
from support.toy_network import toy_spec

names = st.sampled_from(
    ["relu4_4", "inception_4c/output", "conv1/7x7_s2", "Mixed_6b", "vgg19::relu4_4", "a.1.conv"]
)
numbers = st.integers(0, 2000)
terms = st.one_of(
    st.builds(LayerTerm, names),
    st.builds(ChannelTerm, names, numbers),
    st.builds(NeuronTerm, names, numbers, st.none() | st.tuples(numbers, numbers)),
)
weights = st.floats(-1e6, 1e6).filter(lambda weight: weight != 0)
objectives = st.builds(
    Objective, st.lists(st.tuples(weights, terms), min_size=1, max_size=5).map(tuple)
)


named = st.sampled_from(["pagoda", "dog", "any dog", "Egyptian cat", "3"]).map(see)
guided = st.builds(GuideTerm, names, st.text(min_size=1).filter(lambda name: "/" not in name))


@given(
    objectives
    | named
    | st.builds(lambda *both: both[0] + both[1], named, objectives)
    | guided.map(lambda term: Objective(((0.5, term),)))
)
def test_text_reads_back_as_the_same_objective(objective):
    assert parse_objective(str(objective)) == objective


def test_algebra_and_text_agree():
    built = 2 * layer("relu4_4") - 0.5 * channel("relu5_1", 12) + neuron("relu1_1", 3, (4, 5))
    assert str(built) == "2*relu4_4 - 0.5*relu5_1:12 + relu1_1:3@4,5"
    assert parse_objective("  2 * relu4_4-0.5*relu5_1 : 12+relu1_1:3@4,5 ") == built
    assert parse_objective("-relu4_4:1@c") == -neuron("relu4_4", 1)
    assert built.layers == ("relu4_4", "relu5_1", "relu1_1")


@pytest.mark.parametrize(
    "text",
    ["", "  ", "+", "2*", "relu4_4 relu4_3", "relu4_4:", "relu4_4:1@", "relu4_4:1@3",
     "relu4_4:-1", "nan*relu4_4", "1e999*relu4_4", "0*relu4_4", "relu4_4 +", "relu;rm", "x" * 3000,
     "see(dog", "see(dog) cat", "guide(relu4_1)", "guide('a.jpg', relu4_1)",
     'guide("a/b.jpg", relu4_1)', 'guide("", relu4_1)', 'guide("a.jpg")', r'guide("\x", relu4_1)'],
)  # fmt: skip
def test_unreadable_text_is_said_in_one_line(text):
    with pytest.raises(ObjectiveError) as caught:
        parse_objective(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        objective = parse_objective(text)
    except ObjectiveError:
        return
    assert parse_objective(str(objective)) == objective


def activation(seed=0):
    return torch.randn(2, 6, 5, 7, generator=torch.Generator().manual_seed(seed))


def test_scores_are_the_formulas():
    a = activation()
    scores = parse_objective("3*x - 2*x:4 + x:1@2,3 + x:5@c").score({"x": a})
    expected = (
        3 * 0.5 * (a**2).mean((1, 2, 3)) - 2 * a[:, 4].mean((1, 2)) + a[:, 1, 2, 3] + a[:, 5, 2, 3]
    )
    assert torch.allclose(scores, expected, atol=1e-6)


def test_the_gradient_of_a_layer_is_its_activation():
    a = activation().requires_grad_()
    layer("x").score({"x": a}).sum().backward()
    assert torch.allclose(a.grad, a.detach() / (6 * 5 * 7))


@given(st.integers(0, 5), st.integers(0, 7), objectives)
def test_scores_of_parts_add_up(row, column, objective):
    a = activation(1)
    terms = []
    for weight, term in objective.terms:
        channels = [term.channel % 6] if isinstance(term, ChannelTerm) else []
        terms.append((math.copysign(1.0, weight), type(term)("x", *channels)))
    objective = Objective(tuple(terms))
    total = sum(
        objective.score_parts(
            {"x": Part(a[:, :, rows, columns], (5, 7), rows.start, columns.start)}
        )
        for rows in (slice(0, row), slice(row, 5))
        for columns in (slice(0, column), slice(column, 7))
    )
    assert torch.allclose(total, objective.score({"x": a}), atol=1e-5)


def test_check_names_what_does_not_exist():
    spec, size = toy_spec(), (40, 52)
    parse_objective("relu2:5@19,25 + relu1:3").check(spec, size)
    with pytest.raises(NetworkError, match="did you mean relu2 or relu1"):
        parse_objective("relu3").check(spec, size)
    with pytest.raises(ObjectiveError, match="6 channels are 0 to 5"):
        parse_objective("relu2:6").check(spec, size)
    with pytest.raises(ObjectiveError, match="20 rows and 26 columns"):
        parse_objective("relu2:5@20,0").check(spec, size)


def test_positions_move_with_the_octave():
    moved = parse_objective("relu2:5@10,24 + relu2:1@c").moved(toy_spec(), (40, 52), (20, 26))
    assert str(moved) == "relu2:5@5,12 + relu2:1@c"
