"""Random crops: where they lie, and what they show."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.spectrum.crops import Window, draw_crop

ANYWHERE = Window((0.5, 1.3), border_share=0.5)


@given(st.integers(20, 90), st.integers(20, 90), st.integers(0, 10**6), st.booleans())
def test_a_crop_lies_inside_the_image_with_its_border(height, width, seed, has_place):
    window = Window((0.5, 1.3), (0.9, 0.1)) if has_place else ANYWHERE
    crop = draw_crop(np.random.default_rng(seed), (height, width), window, 32)
    assert crop.border == 0 or not has_place
    for start, length in ((crop.top, height), (crop.left, width)):
        assert 0 <= start <= start + crop.side <= length + 2 * crop.border
    assert crop.apply(torch.zeros(2, 3, height, width)).shape == (2, 3, 32, 32)


def test_a_crop_of_its_own_size_shows_the_pixels_themselves():
    image = torch.rand(1, 3, 40, 60)
    window = Window((0.5, 0.5))
    crops = [draw_crop(np.random.default_rng(seed), (40, 60), window, 20) for seed in range(8)]
    assert len({crop.mirrored for crop in crops}) == 2
    for crop in crops:
        expected = image[..., crop.top : crop.top + 20, crop.left : crop.left + 20]
        expected = expected.flip(-1) if crop.mirrored else expected
        assert torch.equal(crop.apply(image), expected)


@pytest.mark.parametrize("centre", [(0.25, 0.75), (0.5, 0.5)])
def test_crops_of_a_place_are_near_it(centre):
    window = Window((0.3, 0.4), centre, shift=0.15)
    generator = np.random.default_rng(0)
    for _ in range(50):
        crop = draw_crop(generator, (100, 200), window, 16)
        middle = (crop.top + crop.side / 2, crop.left + crop.side / 2)
        for found, share, length in zip(middle, centre, (100, 200), strict=True):
            assert abs(found - share * length) <= 0.15 * crop.side + 1


def test_what_was_cropped_gets_the_gradient():
    image = torch.zeros(1, 3, 40, 40, requires_grad=True)
    crop = draw_crop(np.random.default_rng(1), (40, 40), Window((0.5, 0.5)), 20)
    crop.apply(image).sum().backward()
    assert image.grad.sum() == 3 * 20 * 20
