"""Palettes: measured and transferred."""

import numpy as np
import pytest
import torch

from puppyslug.images.palettes import measure_palette, transfer_palette


@pytest.fixture
def other():
    """A picture of other colours, well inside the range."""
    noise = torch.rand(1, 3, 30, 30, generator=torch.Generator().manual_seed(8))
    mix = torch.tensor([[0.10, 0.05, 0.0], [0.02, 0.12, 0.03], [0.0, 0.04, 0.06]])
    return 0.4 + torch.einsum("ij,njhw->nihw", mix, noise)


def test_a_palette_is_numpys_mean_and_covariance(other):
    pixels = other[0].flatten(1).double().numpy()
    palette = measure_palette(other)
    assert palette[:3] == pytest.approx(pixels.mean(1))
    assert palette[3:] == pytest.approx(np.cov(pixels, bias=True)[np.triu_indices(3)])


def test_the_result_has_the_palette_of_the_other_picture(picture, other):
    result = transfer_palette(picture, measure_palette(other))
    assert measure_palette(result) == pytest.approx(measure_palette(other), abs=1e-5)
    assert measure_palette(picture) != pytest.approx(measure_palette(other), abs=0.01)


def test_a_picture_keeps_its_own_palette(picture):
    result = transfer_palette(picture, measure_palette(picture))
    assert torch.allclose(result, picture, atol=1e-5)


def test_grey_pictures_are_coloured_and_coloured_ones_become_grey(other):
    grey = other.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    coloured = transfer_palette(grey, measure_palette(other))
    assert measure_palette(coloured)[:3] == pytest.approx(measure_palette(other)[:3], abs=1e-4)
    result = transfer_palette(other, measure_palette(grey))
    assert (result - result.mean(1, keepdim=True)).abs().max() < 0.02
    plain = torch.full((1, 3, 8, 8), 0.5)
    assert transfer_palette(plain, measure_palette(other)).isfinite().all()
