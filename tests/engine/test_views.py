"""Random views of an image, and their transposes."""

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.engine.views import MIN_VIEW_SIZE, View, draw_view


@given(
    st.tuples(st.integers(2, 30), st.integers(2, 30)),
    st.tuples(st.integers(-1, 1), st.integers(-1, 1)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.booleans(),
    st.sampled_from((0.0, 20.0)),
    st.booleans(),
)
def test_apply_transpose_is_the_transpose_of_apply(
    size, shift, view_size, mirrored, angle, flipped
):
    view = View(shift, view_size, mirrored, angle, flipped)
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(1, 2, *size, generator=generator, dtype=torch.float64)
    gradient = torch.rand(1, 2, *view_size, generator=generator, dtype=torch.float64)
    forward = (view.apply(image) * gradient).sum()
    backward = (image * view.apply_transpose(gradient, size)).sum()
    assert forward.item() == pytest.approx(backward.item())


def test_a_mirrored_view_is_numpys_reflection():
    image = torch.arange(24.0).reshape(1, 1, 4, 6)
    padded = np.pad(image[0, 0].numpy(), 3, mode="reflect")
    view = View((2, -3), (4, 6), mirrored=True).apply(image)[0, 0]
    assert (view.numpy() == padded[3 - 2 : 7 - 2, 3 + 3 : 9 + 3]).all()


def test_jitter_is_drawn_in_the_notebooks_order():
    view = draw_view(np.random.default_rng(7), (50, 60), jitter=9)
    right, down = np.random.default_rng(7).integers(-9, 10, 2)
    assert view == View((int(down), int(right)), (50, 60))


def test_rescaled_views_keep_a_minimum_size():
    generator = np.random.default_rng(1)
    sizes = [draw_view(generator, (200, 300), jitter=0, rescale=0.9).size[0] for _ in range(100)]
    assert min(sizes) == MIN_VIEW_SIZE
    assert max(sizes) > 170
    assert draw_view(generator, (40, 60), jitter=0, rescale=0.9).size == (40, 60)
    for _ in range(20):
        view = draw_view(generator, (200, 300), jitter=0, rescale=0.9, min_size=150)
        assert view.size[0] >= 150


def test_a_mirrored_shift_is_less_than_the_image():
    view = draw_view(np.random.default_rng(1), (1, 3), jitter=99, mirrored=True)
    assert view.apply(torch.rand(1, 3, 1, 3)).shape == (1, 3, 1, 3)


def test_a_rotated_view_is_scipys_rotation():
    rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(60.0), indexing="ij")
    image = (torch.sin(rows / 7) + torch.cos(columns / 9))[None, None]
    expected = scipy.ndimage.rotate(image[0, 0].numpy(), -15, order=1, reshape=False)
    rotated = View((0, 0), (40, 60), angle=15.0).apply(image)[0, 0].numpy()
    assert np.abs(rotated - expected)[10:30, 15:45].max() < 0.01
    assert np.abs(rotated - image[0, 0].numpy())[10:30, 15:45].max() > 0.3


def test_a_flipped_view_mirrors_the_image_after_its_shift():
    image = torch.rand(1, 3, 5, 7)
    view = View((0, 2), (5, 7), flipped=True)
    assert torch.equal(view.apply(image), image.roll(2, 3).flip(3))
