"""Functions that create objectives of one term."""

import pytest

from puppyslug.errors import LabelError, ObjectiveError
from puppyslug.labels import Vocabulary, find_label
from puppyslug.objectives import channel, guide, layer, neuron, parse_objective, see


@pytest.mark.parametrize(
    ("objective", "text"),
    [
        (layer("relu4_4"), "relu4_4"),
        (channel("relu4_4", 37), "relu4_4:37"),
        (neuron("relu4_4", 37), "relu4_4:37@c"),
        (neuron("relu4_4", 37, (12, 40)), "relu4_4:37@12,40"),
        (see("Golden_Retriever"), "see(Golden_Retriever)"),
        (see("any dog"), "see(any dog)"),
        (guide("a b.jpg", "relu4_1"), 'guide("a b.jpg", relu4_1)'),
    ],
)
def test_they_create_what_the_parser_creates(objective, text):
    assert str(objective) == text
    assert parse_objective(text) == objective


def test_classes_are_found_with_the_given_function():
    labels = {"pug": find_label("goldfish")}
    assert see("pug", labels.__getitem__) == see("goldfish", find_label)


def test_classes_are_looked_up_in_the_network_that_is_asked():
    objective = see("goldfish", find_label)
    assert objective.classes == (1,)
    own = Vocabulary.from_names("own", ["tank", "snail", "goldfish"])
    for asked in (objective, see("Goldfish"), parse_objective("see(goldfish)")):
        assert asked.resolve_labels(own.find).classes == (2,)
    with pytest.raises(LabelError, match=r"tench.*tank"):
        see("tench").resolve_labels(own.find)


def test_what_cannot_be_an_objective_is_refused():
    for name in ("", "folder/a.jpg"):
        with pytest.raises(ObjectiveError, match=repr(name)):
            guide(name, "relu4_1")
    with pytest.raises(LabelError, match=r"no such class"):
        see("no such class", find_label)
    with pytest.raises(LabelError, match=r"empty"):
        see(" ")
