"""Blending a dream with its photo."""

import pytest
import torch

from puppyslug.engine.blending import blend
from puppyslug.images.colour import luminance
from puppyslug.images.palettes import measure_palette


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


def test_saturation_contrast_and_palette_apply_to_changed_pixels_only(dream, picture):
    grey = blend(dream, picture, strength=1, keep_colours=False, saturation=0)
    assert torch.equal(grey[..., :20, :], picture[..., :20, :])
    assert torch.allclose(grey[..., 20:, :].std(1), torch.zeros(1), atol=1e-5)
    flat = blend(dream, picture, strength=1, keep_colours=False, contrast=0)
    assert flat[..., 20:, :].std() < 1e-5
    palette = measure_palette(torch.full((1, 3, 4, 4), 0.25))
    plain = blend(dream, picture, strength=1, keep_colours=False, palette=palette)
    assert torch.allclose(plain[..., 20:, :], torch.tensor(0.25), atol=0.01)
