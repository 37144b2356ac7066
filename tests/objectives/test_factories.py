"""Functions that create objectives of one term."""

import pytest

from puppyslug.errors import LabelError, ObjectiveError
from puppyslug.objectives import channel, guide, layer, neuron, parse_objective, see


@pytest.mark.parametrize(
    ("objective", "text"),
    [
        (layer("relu4_4"), "relu4_4"),
        (channel("relu4_4", 37), "relu4_4:37"),
        (neuron("relu4_4", 37), "relu4_4:37@c"),
        (neuron("relu4_4", 37, (12, 40)), "relu4_4:37@12,40"),
        (see("Golden_Retriever"), "see(golden retriever)"),
        (see("any dog"), "see(any dog)"),
        (guide("a b.jpg", "relu4_1"), 'guide("a b.jpg", relu4_1)'),
    ],
)
def test_they_create_what_the_parser_creates(objective, text):
    assert str(objective) == text
    assert parse_objective(text) == objective


def test_classes_are_found_with_the_given_function():
    labels = {"pug": see("goldfish").terms[0][1].label}
    assert see("pug", labels.__getitem__) == see("goldfish")


def test_what_cannot_be_an_objective_is_refused():
    for name in ("", "folder/a.jpg"):
        with pytest.raises(ObjectiveError, match=repr(name)):
            guide(name, "relu4_1")
    with pytest.raises(LabelError, match=r"no such class"):
        see("no such class")
