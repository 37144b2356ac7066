import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from puppyslug.errors import RecipeError
from puppyslug.images.sizes import format_size, parse_size
from puppyslug.recipe import defaults
from puppyslug.recipe.sizes import (
    MAX_SIDE,
    parse_memory,
    photo_size,
    starting_image_size,
    validate_size,
)

sides = st.integers(1, MAX_SIDE)


@given(sides, sides)
def test_every_formatted_size_is_valid(height, width):
    text = format_size((height, width))
    assert validate_size(text) == text
    assert parse_size(text) == (height, width)


@pytest.mark.parametrize("text", ["0", "0x5", "5x0", "65536", "5x", "x5", "5 x 5", "", "²", "-5"])
def test_invalid_sizes_are_refused_with_the_valid_forms(text):
    with pytest.raises(ValueError, match="full, PX or WxH"):
        validate_size(text)


@pytest.mark.parametrize(
    ("text", "number"), [("2GB", 2_000_000_000), ("1.5 GiB", 3 << 29), ("800MB", 800_000_000)]
)
def test_memory_is_parsed(text, number):
    assert parse_memory(text) == number


def test_invalid_memory_is_refused():
    with pytest.raises(ValidationError):
        parse_memory("much")


def test_a_photo_is_fitted_scaled_or_kept():
    assert photo_size(None) == (defaults.PHOTO_SIDE, None)
    assert photo_size("300") == (300, None)
    assert photo_size("640x360") == (None, (360, 640))
    assert photo_size("full") == (None, None)


def test_starting_images_are_sixteen_to_nine_unless_the_size_is_exact():
    assert starting_image_size(None) == defaults.STARTING_IMAGE_SIZE
    assert starting_image_size("640") == (360, 640)
    assert starting_image_size("1") == (1, 1)
    assert starting_image_size("30x40") == (40, 30)
    with pytest.raises(RecipeError, match=r"full.*WxH"):
        starting_image_size("full")
