"""The sizes of octaves."""

import itertools
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.engine.octaves import (
    MAX_OCTAVES,
    OBJECT_SIZE,
    default_octaves,
    octave_sizes,
    octaves_for_count,
    plan_octaves,
    scaled_octaves,
)
from puppyslug.errors import ImageError, NetworkError, RecipeError
from puppyslug.objectives import parse_objective
from puppyslug.recipe import Recipe
from support.dream_runs import last_step, toy_recipe
from support.toy_network import toy_spec

sizes = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
scales = st.floats(1.05, 4)


def test_sizes_are_those_of_the_notebook():
    assert octave_sizes((360, 640), 4, 1.4) == [(131, 233), (184, 326), (257, 457), (360, 640)]


@given(sizes, st.integers(1, 12), scales)
def test_sizes_increase_to_that_of_the_image(size, octaves, scale):
    found = octave_sizes(size, octaves, scale)
    assert found[-1] == size
    assert 1 <= len(found) <= octaves
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(found))


@given(st.integers(2, 6), scales, st.floats(1.0, 6))
def test_a_larger_image_keeps_the_coarse_octaves_of_its_composition(octaves, scale, growth):
    composition = (270, 480)
    larger = (round(270 * growth), round(480 * growth))
    before = octave_sizes(composition, octaves, scale)
    after = octave_sizes(larger, octaves, scale, composition)
    kept = before if larger != composition else before[:-1]
    if larger[0] > composition[0] and larger[1] > composition[1]:
        assert after[: len(kept)] == kept
    assert after[-1] == larger
    ratios = [b[1] / a[1] for a, b in pairwise(after) if min(a) > 20]  # smaller ones are rounded
    assert all(ratio <= scale * 1.1 for ratio in ratios)


@given(st.floats(0.2, 0.99))
def test_a_smaller_image_loses_the_finest_octaves(shrink):
    smaller = (round(270 * shrink), round(480 * shrink))
    after = octave_sizes(smaller, 4, 1.4, (270, 480))
    assert after[-1] == smaller
    assert set(after[:-1]) <= set(octave_sizes((270, 480), 4, 1.4))


def test_too_many_octaves_are_rejected():
    with pytest.raises(RecipeError, match=f"octave_scale 1.001.*{MAX_OCTAVES}"):
        octave_sizes((2700, 4800), 4, 1.001, (270, 480))


def test_more_objects_need_fewer_octaves():
    size = (8 * OBJECT_SIZE, 8 * OBJECT_SIZE)
    assert octaves_for_count(size, 1, 2.0) == 4
    assert octaves_for_count(size, 4, 2.0) == 3
    assert octaves_for_count(size, 999, 2.0) == 1


def test_octaves_below_the_layers_minimum_are_dropped_and_counted():
    recipe = Recipe.complete({"octaves": 8, "octave_scale": 2.0})
    plan = plan_octaves(recipe, parse_objective("relu2"), toy_spec(), (16, 20))
    assert plan.sizes == ((2, 2), (4, 5), (8, 10), (16, 20))
    assert plan.dropped == 4
    assert plan.min_size == 2


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_an_image_below_the_layers_minimum_is_rejected(size):
    with pytest.raises(ImageError, match=f"{size[1]}×{size[0]} .*relu2.*2×2"):
        plan_octaves(Recipe.complete({}), parse_objective("relu2"), toy_spec(), size)


def test_an_unknown_layer_is_rejected():
    with pytest.raises(NetworkError, match="relu9"):
        plan_octaves(Recipe.complete({}), parse_objective("relu9"), toy_spec(), (40, 52))


@given(st.integers(100, 2000), st.integers(1, 6), st.floats(1, 8), st.floats(1.2, 2))
def test_shapes_keep_their_share_of_an_enlarged_image(side, octaves, factor, scale):
    usual, size = (side, side), (round(side * factor), round(side * factor))
    more = default_octaves(octaves, size, usual, scale)
    before = octave_sizes(usual, octaves, scale)[0][0] / side
    after = octave_sizes(size, more, scale)[0][0] / size[0]
    assert more >= octaves
    assert after * size[0] / side / before == pytest.approx(1, rel=scale**0.5 - 0.9)


def test_smaller_images_keep_the_number_of_octaves():
    assert default_octaves(4, (90, 160), (360, 640), 1.4) == 4


@pytest.mark.parametrize("scale", [1.2, 1.4, 2.0])
def test_the_names_of_scales_halve_and_double_the_shapes(scale):
    sizes = [
        octave_sizes((3600, 6400), scaled_octaves(6, name, scale), scale)[0][1]
        for name in ("small", "medium", "large", "huge")
    ]
    for larger, smaller in itertools.pairwise(sizes):
        assert larger / smaller == pytest.approx(2, rel=scale**0.5 - 0.9)
    assert scaled_octaves(1, "small", 1.4) == 1


def mean_wavelength(image):
    """Return the mean wavelength of an image in pixels, weighted by its power spectrum."""
    power = torch.fft.rfft2(image.mean((0, 1))).abs().square()
    rows, columns = torch.fft.fftfreq(image.shape[-2]), torch.fft.rfftfreq(image.shape[-1])
    frequency = (rows[:, None].square() + columns.square()).sqrt()
    power[0, 0], frequency[0, 0] = 0, 1
    return float(power.sum() / (power * frequency).sum())


def test_more_octaves_give_larger_shapes(toy):
    picture = 0.3 + 0.4 * torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    wavelengths = [
        mean_wavelength(last_step(picture, toy_recipe(octaves=count, octave_scale=2.0), toy).detail)
        for count in (1, 2, 3)
    ]
    assert wavelengths[1] > 1.2 * wavelengths[0]
    assert wavelengths[2] > 1.2 * wavelengths[1]


def test_shapes_grow_with_the_picture(toy):
    picture = 0.3 + 0.4 * torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(1))
    large = torch.nn.functional.interpolate(picture, scale_factor=2, mode="bicubic").clamp(0, 1)
    more = default_octaves(2, (96, 128), (48, 64), 2.0)
    dreams = [
        last_step(one, toy_recipe(octaves=octaves, octave_scale=2.0), toy).detail
        for one, octaves in ((picture, 2), (large, more), (large, 2))
    ]
    share, kept, lost = (mean_wavelength(one) / one.shape[-1] for one in dreams)
    assert abs(kept / share - 1) < abs(lost / share - 1)
