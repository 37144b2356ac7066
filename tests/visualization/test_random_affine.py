"""Random affine transforms, compared with NumPy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.visualization.random_affine import (
    MAX_ANGLE,
    MAX_SCALE_CHANGE,
    MAX_SHIFT,
    RandomAffine,
    draw_random_affine,
)


@given(st.integers(0, 2**32 - 1))
def test_parameters_are_in_range_and_determined_by_the_generator(seed):
    transform = draw_random_affine(np.random.default_rng(seed), 3)
    assert transform == draw_random_affine(np.random.default_rng(seed), 3)
    assert all(abs(shift) <= MAX_SHIFT for shift in transform.shift)
    assert abs(transform.angle) <= MAX_ANGLE
    assert abs(transform.scale - 1) <= MAX_SCALE_CHANGE + 1e-12


@given(st.integers(0, 2**32 - 1))
def test_transformed_pixels_equal_numpys(seed):
    transform = draw_random_affine(np.random.default_rng(seed), 3)
    rows, columns = np.mgrid[:12, :12] / 12
    # linear in both coordinates, so that bilinear sampling is exact
    image = torch.tensor(rows * 0.3 + columns * 0.6)[None, None].float()
    transformed = transform.apply(image)[0, 0]
    assert transformed.shape == (12, 12)
    angle = math.radians(transform.angle)
    zoom = transform.scale * 18 / 12  # 12 of the padded image's 18 pixels are visible
    for row, column in ((5, 6), (6, 5), (7, 7)):
        x, y = (2 * column + 1) / 12 - 1, (2 * row + 1) / 12 - 1
        right = (math.cos(angle) * x - math.sin(angle) * y) / zoom + transform.shift[0]
        down = (math.sin(angle) * x + math.cos(angle) * y) / zoom + transform.shift[1]
        source = ((down + 1) * 9 - 0.5 - 3, (right + 1) * 9 - 0.5 - 3)
        if all(0 <= position <= 11 for position in source):
            expected = source[0] / 12 * 0.3 + source[1] / 12 * 0.6
            assert float(transformed[row, column]) == pytest.approx(expected, abs=1e-4)


def test_the_identity_changes_nothing():
    image = torch.rand(1, 3, 6, 6)
    identity = RandomAffine(2, (0.0, 0.0), 0.0, 1.0)
    assert torch.allclose(identity.apply(image), image, atol=1e-6)


def test_the_padding_is_grey():
    image = torch.ones(1, 3, 6, 6)
    shifted = RandomAffine(2, (0.2, 0.0), 0.0, 1.0).apply(image)  # a fifth of half of ten pixels
    assert (shifted[..., -1] - 0.5).abs().max() < 1e-6
    assert (shifted[..., :-1] - 1).abs().max() < 1e-6
