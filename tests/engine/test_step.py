"""How a step is shaped: views, smoothing, palettes, finishing; against SciPy and OpenCV's rules."""

import numpy as np
import pytest
import scipy.ndimage as nd
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.engine.finish import finish
from puppyslug.engine.step import ascend
from puppyslug.engine.views import SMALLEST_VIEW, View, draw_view
from puppyslug.images.colour import luminance, with_colours_of
from puppyslug.images.filters import blur, halve, smooth
from puppyslug.objectives import parse_objective
from puppyslug.recipe.recipe import Recipe


@given(
    st.tuples(st.integers(2, 30), st.integers(2, 30)),
    st.tuples(st.integers(-1, 1), st.integers(-1, 1)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.booleans(),
)
def test_a_gradient_goes_back_through_the_transpose_of_its_view(size, shift, seen, mirrored):
    view = View(shift, seen, mirrored)
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(1, 2, *size, generator=generator, dtype=torch.float64)
    gradient = torch.rand(1, 2, *seen, generator=generator, dtype=torch.float64)
    there = (view.of(image) * gradient).sum()
    back = (image * view.back(gradient, size)).sum()
    assert there.item() == pytest.approx(back.item())


def test_a_mirrored_view_is_numpys_reflection():
    image = torch.arange(24.0).reshape(1, 1, 4, 6)
    padded = np.pad(image[0, 0].numpy(), 3, mode="reflect")
    seen = View((2, -3), (4, 6), mirrored=True).of(image)[0, 0]
    assert (seen.numpy() == padded[3 - 2 : 7 - 2, 3 + 3 : 9 + 3]).all()


def test_the_notebooks_jitter_is_drawn_as_ever_and_views_stay_large_enough():
    view = draw_view(np.random.default_rng(7), (50, 60), jitter=9)
    right, down = np.random.default_rng(7).integers(-9, 10, 2)
    assert view == View((int(down), int(right)), (50, 60))
    generator = np.random.default_rng(1)
    sizes = [draw_view(generator, (200, 300), jitter=0, rescale=0.9).size[0] for _ in range(100)]
    assert min(sizes) == SMALLEST_VIEW
    assert max(sizes) > 170
    assert draw_view(generator, (40, 60), jitter=0, rescale=0.9).size == (40, 60)
    far = draw_view(generator, (1, 3), jitter=99, mirrored=True)
    assert far.of(torch.rand(1, 3, 1, 3)).shape == (1, 3, 1, 3)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.7])
def test_blur_is_scipys_gaussian(sigma):
    image = torch.rand(1, 2, 31, 40, generator=torch.Generator().manual_seed(2))
    reach = max(1, int(np.ceil(3 * sigma)))
    expected = nd.gaussian_filter(
        image[0].numpy(), (0, sigma, sigma), mode="nearest", radius=(0, reach, reach)
    )
    assert np.allclose(blur(image, sigma)[0].numpy(), expected, atol=1e-5)
    assert blur(image, 0) is image


def test_halving_is_the_pyramid_of_burt_and_adelson():
    image = torch.rand(1, 1, 17, 20, generator=torch.Generator().manual_seed(2))
    kernel = np.float32([1, 4, 6, 4, 1]) / 16
    expected = nd.correlate1d(
        nd.correlate1d(image[0, 0].numpy(), kernel, 0, mode="mirror"), kernel, 1, mode="mirror"
    )
    assert np.allclose(halve(image)[0, 0].numpy(), expected[::2, ::2], atol=1e-6)


def test_laplacian_smoothing_makes_every_scale_equally_strong():
    generator = torch.Generator().manual_seed(2)
    fine = torch.randn(1, 1, 128, 128, generator=generator)
    coarse = blur(torch.randn(1, 1, 128, 128, generator=generator), 6)

    def share(image):
        """Of the coarse in the whole."""
        return (blur(image, 4).std() / image.std()).item()

    weak = fine + 0.05 * coarse / coarse.std()
    assert share(smooth(weak, "laplacian")) > 3 * share(weak)
    assert smooth(fine, "0") is fine
    flat = smooth(torch.zeros(1, 3, 40, 40), "laplacian")
    assert torch.equal(flat, torch.zeros_like(flat))
    assert smooth(torch.rand(1, 3, 2, 2), "laplacian").shape == (1, 3, 2, 2)


def test_a_wider_gaussian_leaves_less_grain():
    noise = torch.randn(1, 1, 80, 80, generator=torch.Generator().manual_seed(2))

    def grain(image):
        return (image.diff(dim=-1).abs().mean() / image.abs().mean()).item()

    grains = [grain(smooth(noise, width)) for width in ("0", "0.5", "1", "2", "4")]
    assert grains == sorted(grains, reverse=True)


def change_of(toy, picture, focus=None, **settings):
    """What one step changes in a picture that is far from black and white."""
    middle = 0.4 + 0.2 * picture
    stepped, _ = ascend(
        middle,
        parse_objective("relu2"),
        toy,
        Recipe.complete(settings),
        generator=np.random.default_rng(0),
        focus=focus,
    )
    return stepped - middle


def test_the_natural_palette_keeps_fine_detail_to_light(toy, picture):
    def fine_colour(change):
        chroma = change - change.mean(1, keepdim=True)
        return ((chroma - blur(chroma, 2)).abs().mean() / change.abs().mean()).item()

    natural, vivid = (
        change_of(toy, picture, jitter=0, palette=palette) for palette in ("natural", "vivid")
    )
    assert fine_colour(natural) < 0.3 * fine_colour(vivid)


def test_a_focus_directs_the_whole_step(toy, picture):
    focus = torch.zeros(1, 1, 40, 52)
    focus[..., 10:20, 10:20] = 1
    change = change_of(toy, picture, focus, step_size=0.5, jitter=3).abs()
    assert change.mean().item() == pytest.approx(0.5 / 255, rel=1e-3)
    assert change[..., :10, :].max() == 0


colours = st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3)


@given(colours, colours)
def test_kept_colours_have_the_dreams_light_and_the_photos_hue(photo, dream):
    photo, dream = (torch.tensor(rgb).reshape(1, 3, 1, 1) for rgb in (photo, dream))
    mixed = with_colours_of(photo, dream)
    assert luminance(mixed).item() == pytest.approx(luminance(dream).item(), abs=1e-5)
    before, after = (image - luminance(image) for image in (photo, mixed))
    assert torch.allclose(before * after.norm(), after * before.norm(), atol=1e-4)
    assert after.norm() <= before.norm() + 1e-5


def test_finishing_mixes_and_leaves_untouched_pixels_alone(picture):
    dream = (picture + 0.1).clamp(0, 1)
    dream[..., :20, :] = picture[..., :20, :]
    assert finish(dream, picture, strength=1, keep_colours=False) is dream
    assert torch.equal(finish(dream, picture, strength=0, keep_colours=False), picture)
    half = finish(dream, picture, strength=0.5, keep_colours=True)
    assert torch.equal(half[..., :20, :], picture[..., :20, :])
    light = 0.5 * luminance(dream) + 0.5 * luminance(picture)
    assert torch.allclose(luminance(half), light, atol=1e-5)
