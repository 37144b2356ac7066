import os
import zlib

import numpy as np
import pytest

from puppyslug.errors import RecipeError
from puppyslug.images import extract_recipe_text, load_image
from puppyslug.images.png_chunks import MAX_TEXT, find_text, split_png
from support.image_files import deep_png, linear_profile, png_chunk

LEVELS = np.arange(60).reshape(5, 4, 3) * 4
LARGE = os.urandom(700_000).hex().encode()  # does not compress below 700 kB
TEXTS = {
    "tEXt": b"prompt\0" + LARGE,
    "zTXt": b"prompt\0\0" + zlib.compress(LARGE),
    "iTXt": b"XML:com.adobe.xmp\0\0\0\0\0" + LARGE,
    "iTXt compressed": b"workflow\0\1\0\0\0" + zlib.compress(LARGE),
    "bomb": b"prompt\0\0" + zlib.compress(bytes(50_000_000)),
}


def assert_shows_levels(loaded):
    assert np.abs(loaded.image[0].permute(1, 2, 0).numpy() * 255 - LEVELS).max() < 1


@pytest.mark.parametrize("kind", TEXTS)
def test_large_texts_are_skipped(tmp_path, kind):
    name = kind[:4].encode() if kind != "bomb" else b"zTXt"
    recipe = png_chunk(b"tEXt", b'puppyslug\0{"octaves": 3}')
    data = deep_png(LEVELS, 8, extra=[png_chunk(name, TEXTS[kind]), recipe])
    (tmp_path / "a.png").write_bytes(data)
    assert_shows_levels(load_image(tmp_path / "a.png"))
    assert extract_recipe_text(data, "a.png") == '{"octaves": 3}'


def test_large_profiles_are_applied():
    profile = linear_profile("rgb")
    padded = (len(profile) + 1_500_000).to_bytes(4, "big") + profile[4:] + bytes(1_500_000)
    large = split_png(deep_png(LEVELS, 8, profile=padded))
    assert large.info["icc_profile"] == padded


def test_damaged_ancillary_chunks_do_not_matter(tmp_path):
    damaged = [
        png_chunk(b"iCCP", b"profile\0\0nothing"),
        png_chunk(b"tRNS", b"\0\1\0\1\0\1")[:-1] + b"x",
        png_chunk(b"pHYs", b"")[:-1] + b"x",
        png_chunk(b"eXIf", b"nothing"),
    ]
    (tmp_path / "a.png").write_bytes(deep_png(LEVELS, 8, extra=damaged))
    loaded = load_image(tmp_path / "a.png")
    assert loaded.alpha is None
    assert_shows_levels(loaded)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_recipe_of_more_than_a_megabyte_is_refused(compressed):
    recipe = b"[" + b"0," * (MAX_TEXT // 2) + b"0]"
    content = b"puppyslug\0\0" + zlib.compress(recipe) if compressed else b"puppyslug\0" + recipe
    data = deep_png(LEVELS, 8, extra=[png_chunk(b"zTXt" if compressed else b"tEXt", content)])
    assert find_text(data, "puppyslug") is None
    with pytest.raises(RecipeError, match=r"a\.png"):
        extract_recipe_text(data, "a.png")
