"""The index of an atlas: reading, writing, its file format, and damage."""

import json

import pytest

from puppyslug.errors import AtlasError
from puppyslug.visualization.atlas.index import INDEX_FILE, AtlasEntry, AtlasIndex, Neighbour
from support.atlases import make_entry, make_index


@pytest.fixture
def index():
    neighbours = (Neighbour(number=0, similarity=0.5),)
    entry = make_entry(0, (1, "goldfish", 0.5))
    return make_index([entry.model_copy(update={"neighbours": neighbours, "rank": 3})])


def test_an_index_is_read_as_it_was_written(tmp_path, index):
    index.write(tmp_path)
    assert AtlasIndex.read(tmp_path) == index


def test_a_changed_file_is_read_again(tmp_path, index):
    index.write(tmp_path)
    assert AtlasIndex.read(tmp_path).seed == 0
    index.model_copy(update={"seed": 12345}).write(tmp_path)
    assert AtlasIndex.read(tmp_path).seed == 12345


def test_the_keys_of_the_file_are_a_format(tmp_path, index):
    index.write(tmp_path)
    document = json.loads((tmp_path / INDEX_FILE).read_text())
    assert set(document) == {
        "network", "layer", "weights", "size", "columns", "steps", "seed", "classifier",
        "vocabulary", "entries",
    }  # fmt: skip
    (entry,) = document["entries"]
    assert entry == {
        "number": 0,
        "name": "",
        "guesses": [{"number": 1, "name": "goldfish", "probability": 0.5}],
        "sure": True,
        "beaten_by": 3,
        "neighbours": [{"number": 0, "likeness": 0.5}],
    }


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", "\x00", "[" * 100_000, '{"entries": []}'],
)
def test_a_file_that_is_not_an_index_is_refused(tmp_path, text):
    (tmp_path / INDEX_FILE).write_text(text)
    with pytest.raises(AtlasError, match=INDEX_FILE):
        AtlasIndex.read(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"weights": "../../etc"},
        {"size": -1},
        {"size": "8"},
        {"entries": [{"number": 1}]},
        {"unknown": 1},
    ],
)
def test_invalid_fields_are_refused(tmp_path, index, change):
    index.write(tmp_path)
    document = json.loads((tmp_path / INDEX_FILE).read_text())
    (tmp_path / INDEX_FILE).write_text(json.dumps({**document, **change}))
    with pytest.raises(AtlasError, match=INDEX_FILE):
        AtlasIndex.read(tmp_path)


def test_a_title_is_the_name_or_a_sure_guess():
    guesses = make_entry(0, (1, "goldfish", 0.9)).guesses
    assert AtlasEntry(number=0, name="tench", guesses=guesses, sure=True).title == "tench"
    assert AtlasEntry(number=0, guesses=guesses, sure=True).title == "goldfish"
    assert AtlasEntry(number=0, guesses=guesses, sure=False).title == "unsure"
