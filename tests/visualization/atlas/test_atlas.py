"""Atlases: portraits, search, and files that do not belong together."""

import json

import numpy as np
import pytest
from PIL import Image

from puppyslug.errors import AtlasError
from puppyslug.visualization.atlas import Atlas
from puppyslug.visualization.atlas.atlas import PORTRAITS_FILE, find_class_names
from puppyslug.visualization.atlas.index import INDEX_FILE
from support.atlases import build_toy_atlas, make_entry, make_index


def test_a_portrait_is_a_cell_of_the_grid(tmp_path, toy):
    atlas = build_toy_atlas(tmp_path / "atlas", toy)
    pixels = np.asarray(Image.open(atlas.folder / PORTRAITS_FILE).convert("RGB"))
    for number in range(6):
        row, column = divmod(number, atlas.index.columns)
        cell = pixels[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
        assert np.array_equal(np.asarray(atlas.portrait(number)), cell)


@pytest.mark.parametrize("number", [-1, 6])
def test_numbers_out_of_range_are_refused(tmp_path, toy, number):
    atlas = build_toy_atlas(tmp_path / "atlas", toy)
    with pytest.raises(AtlasError, match=rf"(?s)(?=.*{number})(?=.*6)(?=.*0 to 5)"):
        atlas.portrait(number)


def test_portraits_that_do_not_match_the_index_are_refused(tmp_path, toy):
    folder = build_toy_atlas(tmp_path / "atlas", toy).folder
    document = json.loads((folder / INDEX_FILE).read_text())
    (folder / INDEX_FILE).write_text(json.dumps({**document, "size": 16}))
    with pytest.raises(AtlasError, match=rf"{PORTRAITS_FILE}.*build"):
        Atlas(folder).portrait(0)


def test_damaged_portraits_are_named(tmp_path, toy):
    folder = build_toy_atlas(tmp_path / "atlas", toy).folder
    (folder / PORTRAITS_FILE).write_bytes(b"RIFF")
    with pytest.raises(AtlasError, match=rf"{PORTRAITS_FILE}.*build"):
        Atlas(folder).portrait(0)


def test_a_search_finds_groups_and_sums_the_probabilities(tmp_path):
    hounds = make_entry(0, (161, "basset", 0.3), (162, "beagle", 0.3), (281, "tabby", 0.4))
    cat = make_entry(1, (281, "tabby", 0.9), (161, "basset", 0.05))
    castle = make_entry(2, (483, "castle", 0.8), (162, "beagle", 0.01))
    atlas = Atlas(tmp_path, make_index([hounds, cat, castle]))
    assert [(one.number, round(p, 2)) for one, p in atlas.search("dog")] == [(0, 0.6), (1, 0.05)]
    assert [one.number for one, _ in atlas.search("cat")] == [1, 0]
    assert [one.number for one, _ in atlas.search("castl")] == [2]
    assert atlas.search("xyzzy") == []


def test_a_search_finds_a_class_by_its_own_name_first(tmp_path):
    sure_other = make_entry(0, (1, "goldfish", 0.99), name="tench")
    own = make_entry(1, (0, "tench", 0.5), name="goldfish")
    atlas = Atlas(tmp_path, make_index([sure_other, own], layer="labels"))
    assert [one.number for one, _ in atlas.search("goldfish")] == [1, 0]


def test_a_query_stands_for_itself_without_a_vocabulary():
    assert find_class_names(" My Dog ", "") == "my dog"
    assert "beagle" in find_class_names("dog", "imagenet")
