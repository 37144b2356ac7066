import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.images.sizes import format_size, parse_size
from puppyslug.recipe.sizes import MAX_EDGE, check_size, memory_bytes

edges = st.integers(1, MAX_EDGE)


@given(edges, edges)
def test_sizes_read_back(height, width):
    text = format_size((height, width))
    assert check_size(text) == text
    assert parse_size(text) == (height, width)


@pytest.mark.parametrize("text", ["0", "0x5", "5x0", "65536", "5x", "x5", "5 x 5", "", "²", "-5"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="such as 1024 or 640x360"):
        check_size(text)


@pytest.mark.parametrize(
    ("text", "number"), [("2GB", 2_000_000_000), ("1.5 GiB", 3 << 29), ("800MB", 800_000_000)]
)
def test_memory_is_read(text, number):
    assert memory_bytes(text) == number
