import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.images.colour import MIN_CHROMA, adjust, limit_chroma, luminance, transfer_colours

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


def colourfulness(image):
    return float((image - luminance(image)).abs().mean())


@pytest.mark.parametrize("limit", [1.0, 1.1, 1.5])
def test_colour_is_limited_to_a_multiple_of_the_photos(picture, limit):
    photo = luminance(picture) + 0.2 * (picture - luminance(picture))
    result = limit_chroma(picture, photo, limit)
    assert colourfulness(picture) > 2 * limit * colourfulness(photo)
    assert colourfulness(result) <= limit * colourfulness(photo) + 1e-6
    assert torch.allclose(luminance(result), luminance(picture), atol=0.02)


def test_little_colour_is_not_limited(picture):
    grey = luminance(picture).expand(-1, 3, -1, -1)
    assert torch.equal(limit_chroma(picture, picture, 1.0), picture)
    assert colourfulness(limit_chroma(picture, grey, 1.1)) <= MIN_CHROMA + 1e-6
    assert torch.equal(limit_chroma(grey, grey, 1.1), grey)


def test_saturation_and_contrast_scale_distances(picture):
    picture = 0.4 + 0.2 * picture
    half = adjust(picture, saturation=0.5)
    assert colourfulness(half) == pytest.approx(0.5 * colourfulness(picture), rel=1e-4)
    assert torch.allclose(luminance(half), luminance(picture), atol=1e-5)
    assert colourfulness(adjust(picture, saturation=0)) == pytest.approx(0, abs=1e-6)
    strong = adjust(picture, contrast=1.5)
    light, expected = luminance(strong), luminance(picture)
    assert light.std().item() == pytest.approx(1.5 * expected.std().item(), rel=1e-4)
    assert light.mean().item() == pytest.approx(expected.mean().item(), rel=1e-4)
    assert torch.equal(adjust(picture), picture)
