import difflib

import pytest

from puppyslug.labels import Label, imagenet
from puppyslug.labels.search import LabelIndex


def names(labels: list[Label]) -> list[str]:
    return [label.name for label in labels]


def test_exact_names_precede_words_prefixes_and_substrings():
    found = names(imagenet().search("cat"))
    positions = [found.index(name) for name in ("cat", "tabby", "catamaran", "polecat")]
    assert positions == sorted(positions)
    assert positions[0] == 0


def test_every_result_contains_the_query():
    for label in imagenet().search("fox"):
        assert any("fox" in name.casefold().replace(" ", "") for name in label.names)


def test_groups_precede_classes_of_the_same_rank():
    labels = [Label(("sea fish",), (0,)), Label(("lake fish",), (1,)), Label(("any fish",), (0, 1))]
    assert names(LabelIndex(labels).search("fish")) == ["any fish", "sea fish", "lake fish"]


def test_plurals_find_the_singular():
    assert imagenet().search("dogs")[0].name == "dog"


@pytest.mark.parametrize("query", ["qqq", "?!", ""])
def test_queries_without_a_match_find_nothing(query):
    assert LabelIndex(imagenet().labels).search(query) == []


@pytest.mark.parametrize("query", [None, " "])
def test_all_labels_are_listed_without_a_query_groups_first(query):
    labels = imagenet().labels
    assert imagenet().search(query) == [*labels[1000:], *labels[:1000]]


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("goldn retreiver", "golden retriever"),
        ("retreiver", "retriever"),
        ("labrador", "Labrador retriever"),
        ("persian", "Persian cat"),
        ("gold", "goldfish"),
        ("poodel", "poodle"),
        ("bird of pray", "bird of prey"),
        ("dog " * 3000, "dog"),
    ],
)
def test_similar_names_are_found(misspelt, meant):
    assert meant in names(imagenet().index.nearest(misspelt))


@pytest.mark.parametrize("text", ["x", "dog", "golden retriever ", "a b ", "é\n"])
def test_only_the_beginning_of_a_long_name_is_compared(text, monkeypatch):
    """Comparison time grows with the square of the length."""
    compared = []

    def record(word, *arguments):
        compared.append(word)
        return find(word, *arguments)

    find = difflib.get_close_matches
    monkeypatch.setattr("difflib.get_close_matches", record)
    imagenet().index.nearest(text * (10_000 // len(text)))
    assert max(map(len, compared), default=0) <= 60
    assert len(compared) < 40
