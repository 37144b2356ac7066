import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.images.colour import luminance, transfer_colours

colours = st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3)


def test_luminance_of_grey_is_its_value_and_green_is_brighter_than_blue():
    assert luminance(torch.full((1, 3, 2, 2), 0.4)).mean().item() == pytest.approx(0.4)
    green, blue = torch.eye(3)[1:].reshape(2, 1, 3, 1, 1)
    assert luminance(green) > luminance(blue)


@given(colours, colours)
def test_transferred_colours_have_the_dreams_luminance_and_the_photos_hue(photo, dream):
    photo, dream = (torch.tensor(rgb).reshape(1, 3, 1, 1) for rgb in (photo, dream))
    result = transfer_colours(photo, dream)
    assert luminance(result).item() == pytest.approx(luminance(dream).item(), abs=1e-5)
    before, after = (image - luminance(image) for image in (photo, result))
    assert torch.allclose(before * after.norm(), after * before.norm(), atol=1e-4)
    assert after.norm() <= before.norm() + 1e-5
