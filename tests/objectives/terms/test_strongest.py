"""The term ``strongest``: channels that an image activates most strongly."""

import pytest
import torch

from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import parse_objective
from puppyslug.objectives.terms.strongest import StrongestTerm
from puppyslug.recognition.channel_responses import strongest


def test_it_is_replaced_by_the_strongest_channels(toy, picture):
    first, second = strongest(toy, "relu2", picture, 2)
    context = DreamTermContext(toy, picture, {})
    resolved = parse_objective("relu1 - 0.5*strongest(relu2, 2)").resolve(context)
    assert str(resolved) == f"relu1 - 0.5*relu2:{first.channel} - 0.5*relu2:{second.channel}"
    assert resolved.resolve(context) == resolved


def test_text_and_back():
    text = "2*strongest(vgg19::relu4_4, 3) + relu3_1"
    objective = parse_objective(text)
    assert objective.terms[0][1] == StrongestTerm("vgg19::relu4_4", 3)
    assert str(objective) == text


@pytest.mark.parametrize("count", [0, 7])
def test_a_count_that_the_layer_does_not_have_is_refused(toy, count):
    with pytest.raises(ObjectiveError, match=rf"1 to 6.* {count}"):
        parse_objective(f"strongest(relu2, {count})").check(toy.spec, (40, 40))


def test_it_cannot_be_scored_before_a_dream_begins(toy):
    with pytest.raises(ObjectiveError, match="strongest"):
        value_and_gradient(toy, parse_objective("strongest(relu2, 1)"), torch.rand(1, 3, 9, 9))
