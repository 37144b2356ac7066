"""What a seed varies: nine seeds are nine pictures."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.engine.octaves import octave_sizes
from puppyslug.engine.variation import MAX_ANGLE, MAX_PATTERN, Variation
from puppyslug.recipe import Recipe
from support.dream_runs import last_step, toy_recipe

NONE = Variation()


@given(st.integers(1, 10**6), st.floats(0.01, 1))
def test_a_variation_grows_with_variety_and_repeats(seed, variety):
    recipe = toy_recipe(seed=seed, variety=variety)
    variation = Variation.of_recipe(recipe)
    assert variation == Variation.of_recipe(recipe)
    assert abs(variation.angle) <= MAX_ANGLE * variety
    assert 0 < variation.pattern <= MAX_PATTERN * variety
    assert 1.4**-0.5 <= variation.octave_ratio <= 1.4**0.5


def test_the_default_seed_and_no_variety_leave_the_image_as_it_is():
    assert Variation.of_recipe(toy_recipe(variety=1.0)) == NONE
    assert Variation.of_recipe(toy_recipe(variety=0.0, seed=3)) == NONE
    assert Variation.of_recipe(toy_recipe(seed=3)) != NONE


def test_recipes_of_the_first_version_vary_by_jitter_alone():
    assert Variation.of_recipe(Recipe.complete({"recipe_version": 1, "seed": 3})) == NONE


def test_an_image_is_not_turned_for_neurons():
    varied = [
        Variation.of_recipe(toy_recipe(objective="relu2:1@2,3", seed=seed)) for seed in range(1, 20)
    ]
    assert all(one.angle == 0 and not one.flipped for one in varied)
    assert all(one.pattern for one in varied)


def test_octaves_start_elsewhere_but_end_at_the_image():
    plain, varied = (octave_sizes((360, 640), 4, 1.4, ratio=ratio) for ratio in (1, 1.1))
    assert varied[-1] == plain[-1] == (360, 640)
    for one, other in zip(plain[:-1], varied[:-1], strict=True):
        assert other[0] == pytest.approx(1.1 * one[0], abs=1)


def test_the_pattern_does_not_stay_in_the_picture(toy, picture):
    """Where steps are tiny, the photo comes out as it went in."""
    recipe = toy_recipe(step_size=1e-4, seed=3, variety=1.0)
    result = last_step(0.25 + 0.5 * picture, recipe, toy).image
    assert (result - 0.25 - 0.5 * picture).abs().max() < 0.001


def test_seeds_differ_more_with_variety(toy, picture):
    def mean_distance(**settings):
        pictures = [
            last_step(picture, toy_recipe(seed=seed, **settings), toy).image for seed in range(1, 6)
        ]
        pairs = itertools.combinations(pictures, 2)
        return sum(float((a - b).abs().mean()) for a, b in pairs)

    assert mean_distance() > 2 * mean_distance(variety=0.0)


@pytest.mark.slow
def test_nine_seeds_are_nine_pictures():
    """Mean distance of normalised VGG-19 features, as in LPIPS."""
    import skimage.data
    from PIL import Image

    import puppyslug
    from puppyslug.networks.loader import load_network
    from puppyslug.recognition.channel_responses import activation_map

    network = load_network("vgg19")
    photo = Image.fromarray(skimage.data.coffee())
    small = {"preset": "animals", "size": 160, "octaves": 2, "iterations": 5}

    def features(seed, **settings):
        dream = puppyslug.dream(photo, network=network, seed=seed, **small, **settings)
        image = puppyslug.images.image_from_pil(dream).image
        maps = [activation_map(network, f"relu{n}_2", image).float() for n in range(1, 6)]
        return [torch.nn.functional.normalize(one, dim=1) for one in maps]

    def mean_distance(**settings):
        pairs = itertools.combinations([features(seed, **settings) for seed in range(1, 10)], 2)
        distances = [
            sum(float((p - q).square().sum(1).mean()) for p, q in zip(a, b, strict=True))
            for a, b in pairs
        ]
        return sum(distances) / len(distances)

    assert mean_distance() >= 3 * mean_distance(variety=0.0)
