"""The choice of tiles, and the fallback to smaller ones."""

import numpy as np
import pytest
import torch

from puppyslug.engine.tiling import MIN_TILE_SIZE, plan_tiles, retry_with_smaller_tiles
from puppyslug.errors import RecipeError
from puppyslug.images.sizes import parse_size
from puppyslug.networks import find_spec
from puppyslug.recipe import Recipe


def plan(size=(1000, 1600), precision="float32", **settings):
    recipe = Recipe.complete({"objective": "relu3_3", **settings})
    return plan_tiles(recipe, find_spec("vgg19"), size, precision, "cpu")


@pytest.mark.parametrize("tile", ["whole", "512x384"])
def test_chosen_tiles_are_kept(tile):
    result = plan(tile=tile)
    assert result.tile == tile
    assert tile in result.description
    assert "float32 on cpu" in result.description


def test_tiles_are_chosen_by_memory():
    assert plan(memory="100GB").tile == "whole"
    small = plan(memory="400MB")
    assert max(parse_size(small.tile)) < 1000
    assert 0 < small.required_memory <= 400_000_000


def test_smoothing_the_gradient_needs_more_memory():
    assert plan(tile="whole", smooth="1").required_memory > plan(tile="whole").required_memory


def test_tiles_are_halved_until_the_function_succeeds():
    tiles, draws = [], []
    generator = np.random.default_rng(1)

    def function(tile):
        tiles.append(tile)
        draws.append(generator.random())
        if tile is None or max(tile) > 200:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return "result"

    recipe = Recipe.complete({})
    result, smaller = retry_with_smaller_tiles(function, recipe, (600, 700), generator)
    assert result == "result"
    assert tiles == [None, (300, 350), (150, 175)]
    assert smaller.tile == "175x150"
    assert len(set(draws)) == 1
    assert retry_with_smaller_tiles(function, smaller, (600, 700), generator)[1] is smaller


def test_there_is_a_smallest_tile():
    def function(tile):
        raise torch.OutOfMemoryError("CUDA out of memory")

    size = (MIN_TILE_SIZE, MIN_TILE_SIZE)
    with pytest.raises(RecipeError, match='device="cpu"'):
        retry_with_smaller_tiles(function, Recipe.complete({}), size, np.random.default_rng(1))
