"""Shortened file names: valid in the file system's encoding, and at most as long as asked for."""

import random
import unicodedata

import pytest

from puppyslug.files.names import shorten_name

LETTERS = ("a", "ä", "a\u0308", "日", "👍🏽", "👩\u200d🚀", "❤\ufe0f", " ", ".")


@pytest.mark.parametrize("seed", range(30))
def test_names_are_cut_between_letters(seed):
    choice = random.Random(seed)
    letters = choice.choices(LETTERS, k=120)
    name = "x" + "".join(letters) + ".dream"
    short = shorten_name(name, 100, ".dream")
    assert 60 < len(short.encode()) <= 100
    assert short.endswith(".dream")
    kept = short.removesuffix(".dream")
    assert name.startswith(kept)
    following = name[len(kept)]
    assert not unicodedata.combining(following)
    assert following not in "\u200d\ufe0f"
    assert not kept.endswith("\u200d")


def test_short_names_are_kept():
    assert shorten_name("a.dream", 7, ".dream") == "a.dream"
    assert shorten_name("ä" * 50, 100) == "ä" * 50


def test_another_ending_is_cut():
    assert shorten_name("a" * 300 + ".dream", 200, ".sheet") == "a" * 200


def test_names_that_are_not_in_the_encoding_are_shortened_too():
    assert len(shorten_name("\udce4" * 300, 200)) == 200
