import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.images.sizes import (
    display_size,
    fit_size,
    format_size,
    parse_size,
    same_aspect_ratio,
)

sides = st.integers(1, 65_535)


@given(sides, sides)
def test_a_formatted_size_is_parsed_back(height, width):
    assert parse_size(format_size((height, width))) == (height, width)


def test_sizes_are_written_width_first():
    assert format_size((360, 640)) == "640x360"
    assert display_size((360, 640)) == "640×360"


@given(sides, sides, sides)
def test_a_fitted_size_is_never_larger_and_keeps_its_shape(height, width, longest):
    fitted = fit_size((height, width), longest)
    assert max(fitted) == min(longest, max(height, width))
    assert min(fitted) >= 1
    if min(fitted) > 1:
        assert same_aspect_ratio(fitted, (height, width))


@pytest.mark.parametrize(
    ("size", "original", "same"),
    [((2, 3), (200, 300), True), ((67, 100), (200, 300), True), ((70, 100), (200, 300), False)],
)
def test_aspect_ratios_are_compared_up_to_rounding(size, original, same):
    assert same_aspect_ratio(size, original) is same


def test_extremely_narrow_sizes_keep_a_pixel():
    assert fit_size((3, 4000), 100) == (1, 100)
