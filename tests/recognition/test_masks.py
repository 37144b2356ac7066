"""Masks from images and from classes."""

import pytest
import torch

from puppyslug.errors import ImageError
from puppyslug.images import LoadedImage
from puppyslug.objectives import parse_mask
from puppyslug.recognition.masks import mask_from_class, mask_from_photo


def photo(image, alpha=None):
    return LoadedImage(image, alpha, "mask.png", "", (image.shape[-2], image.shape[-1]))


def test_a_photo_is_stretched_and_its_luminance_counts():
    image = torch.zeros(1, 3, 2, 2)
    image[..., 1] = 1
    mask = mask_from_photo(photo(image), (10, 20))
    assert mask.shape == (1, 1, 10, 20)
    assert mask[..., :5].max() == 0
    assert mask[..., 15:].min() == pytest.approx(1)


def test_transparent_pixels_count_as_black():
    alpha = torch.ones(1, 1, 4, 4)
    alpha[..., :2, :] = 0
    mask = mask_from_photo(photo(torch.ones(1, 3, 4, 4), alpha), (4, 4))
    assert mask[..., :2, :].max() == 0
    assert mask[..., 2:, :].min() == pytest.approx(1)


def test_a_black_photo_is_rejected():
    with pytest.raises(ImageError, match=r"mask\.png.*white"):
        mask_from_photo(photo(torch.zeros(1, 3, 4, 4)), (8, 8))


def test_a_mask_by_class_and_its_inverse_add_up_to_1(toy, picture):
    mask, inverse = (
        mask_from_class(parse_mask(text), toy, picture) for text in ("see(3)", "not see(3)")
    )
    assert mask.shape == (1, 1, 40, 52)
    assert (mask.min(), mask.max()) == (0, 1)
    assert torch.allclose(mask + inverse, torch.ones_like(mask))


def test_of_a_cut_out_only_the_opacity_counts():
    alpha = torch.ones(1, 1, 4, 4)
    alpha[..., :2, :] = 0
    dark = photo(torch.full((1, 3, 4, 4), 0.1), alpha)
    assert torch.equal(mask_from_photo(dark, (4, 4)), alpha)
    assert mask_from_photo(dark, (4, 4), by_alpha=False).max() == pytest.approx(0.1)


def test_of_an_opaque_image_the_luminance_counts():
    grey = photo(torch.full((1, 3, 4, 4), 0.4), torch.ones(1, 1, 4, 4))
    assert mask_from_photo(grey, (4, 4)).max() == pytest.approx(0.4)
