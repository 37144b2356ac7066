"""Objectives from text, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import ObjectiveError
from puppyslug.objectives import Objective, parse_objective, parse_objectives
from puppyslug.objectives.registry import call_terms, pattern_terms
from support.objectives import class_objectives, guide_terms, objectives


@given(
    objectives
    | class_objectives
    | st.builds(lambda *both: both[0] + both[1], class_objectives, objectives)
    | guide_terms.map(lambda term: Objective(((0.5, term),)))
)
def test_text_reads_back_as_the_same_objective(objective):
    assert parse_objective(str(objective)) == objective


@pytest.mark.parametrize(
    "text",
    ["", "  ", "+", "2*", "relu4_4 relu4_3", "relu4_4:", "relu4_4:1@", "relu4_4:1@3",
     "relu4_4:-1", "nan*relu4_4", "1e999*relu4_4", "0*relu4_4", "relu4_4 +", "relu;rm", "x" * 3000,
     "see(dog", "see(dog) cat", "guide(relu4_1)", "guide('a.jpg', relu4_1)",
     'guide("a/b.jpg", relu4_1)', 'guide("", relu4_1)', 'guide("a.jpg")', r'guide("\x", relu4_1)',
     "strongest(relu4_4)", "strongest(relu4_4, many)", "relu4_4(3)", 'see("dog'],
)  # fmt: skip
def test_a_syntax_error_is_one_line(text):
    with pytest.raises(ObjectiveError) as caught:
        parse_objective(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused(text):
    try:
        objective = parse_objective(text)
    except ObjectiveError:
        return
    assert parse_objective(str(objective)) == objective


def test_errors_list_the_syntax_of_every_term():
    with pytest.raises(ObjectiveError) as caught:
        parse_objective("?")
    for term in (*pattern_terms().values(), *call_terms().values()):
        assert term.example in str(caught.value)
        assert str(parse_objective(term.example)) == term.example


def test_an_unknown_term_suggests_similar_ones():
    with pytest.raises(ObjectiveError, match=r"strongst.*strongest"):
        parse_objective("strongst(relu4_4, 3)")


def test_several_objectives_are_separated_by_commas():
    texts = ["relu1_1:3@4,5", "relu2_1", "see(dog)", 'guide("a,b.jpg", relu4_1)', "strongest(x, 3)"]
    for separator in (",", ", "):
        assert [str(one) for one in parse_objectives(separator.join(texts))] == texts


@pytest.mark.parametrize("text", ["", ",", "relu1_1,", "relu1_1,,relu2_1"])
def test_an_empty_objective_among_several_is_refused(text):
    with pytest.raises(ObjectiveError):
        parse_objectives(text)
