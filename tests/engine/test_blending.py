"""Blending a dream with its photo."""

import pytest
import torch

from puppyslug.engine.blending import blend
from puppyslug.images.colour import luminance


@pytest.fixture
def dream(picture):
    """A dream that leaves the upper half of the photo unchanged."""
    dream = (picture + 0.1).clamp(0, 1)
    dream[..., :20, :] = picture[..., :20, :]
    return dream


def test_strength_1_is_the_dream_and_strength_0_the_photo(dream, picture):
    assert blend(dream, picture, strength=1, keep_colours=False) is dream
    assert torch.equal(blend(dream, picture, strength=0, keep_colours=False), picture)


@pytest.mark.parametrize("keep_colours", [False, True])
def test_unchanged_pixels_keep_their_exact_value(dream, picture, keep_colours):
    half = blend(dream, picture, strength=0.3, keep_colours=keep_colours)
    assert torch.equal(half[..., :20, :], picture[..., :20, :])


def test_keeping_colours_mixes_the_luminance(dream, picture):
    half = blend(dream, picture, strength=0.5, keep_colours=True)
    expected = 0.5 * luminance(dream) + 0.5 * luminance(picture)
    assert torch.allclose(luminance(half), expected, atol=1e-5)
