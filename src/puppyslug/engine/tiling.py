"""The tiles of a dream: chosen by available memory, and halved if a GPU runs out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from puppyslug.errors import RecipeError, option
from puppyslug.gradient.memory import estimate_memory, plan_memory
from puppyslug.images.sizes import Size, format_size
from puppyslug.networks import NetworkSpec
from puppyslug.networks.runtime import free_memory
from puppyslug.recipe import Recipe
from puppyslug.recipe.sizes import parse_memory

MIN_TILE_SIZE = 128  # pixels; a GPU without memory for this has none to spare at all
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class TilePlan:
    """The tiles of a dream.

    Attributes:
        tile: value for the recipe's ``tile``, without ``auto``.
        description: what is computed how, for the user.
        required_memory: estimated bytes in addition to the program and the weights.
    """

    tile: str
    description: str
    required_memory: int


def plan_tiles(
    recipe: Recipe, spec: NetworkSpec, size: Size, precision: str, device: str
) -> TilePlan:
    """Choose the tiles of a dream.

    Args:
        recipe: ``tile`` and ``memory`` apply, and its objectives determine the layers.
        spec: the network.
        size: (height, width) of the image.
        precision: resolved precision.
        device: resolved device.

    Raises:
        RecipeError: not even the smallest tiles fit into memory.
    """
    layers = [spec.layer(name) for name in recipe.combined_objective().layers]
    processed = recipe.modifies_gradient
    if recipe.tile != "auto":
        division = "whole" if recipe.tile == "whole" else f"in tiles of {recipe.tile}"
        required = estimate_memory(
            size, spec, layers, precision, recipe.tile_size(size), processed=processed
        )
        return TilePlan(recipe.tile, f"{division}, {precision} on {device}", required)
    memory = parse_memory(recipe.memory) if recipe.memory else free_memory(device) // 2
    plan = plan_memory(size, spec, layers, precision, memory, processed=processed)
    division = "whole" if plan.tile is None else f"in {plan.grid[1]}×{plan.grid[0]} tiles"
    return TilePlan(
        "whole" if plan.tile is None else format_size(plan.tile),
        f"{division}, {precision} on {device}, about {plan.required / 1e9:.1f} GB",
        plan.required,
    )


def retry_with_smaller_tiles(
    function: Callable[[Size | None], _Result],
    recipe: Recipe,
    size: Size,
    generator: np.random.Generator,
) -> tuple[_Result, Recipe]:
    """Call a function with the recipe's tiles, and with ever smaller ones while memory runs out.

    Args:
        function: takes (height, width) of the tiles, or None for no tiling.
        recipe: the recipe.
        size: (height, width) of the image.
        generator: restored before each repetition, so that it draws the same numbers.

    Returns:
        The result, and the recipe with the tiles that fit.

    Raises:
        RecipeError: tiles of ``MIN_TILE_SIZE`` do not fit either.
    """
    while True:
        state = generator.bit_generator.state
        try:
            return function(recipe.tile_size(size)), recipe
        except torch.OutOfMemoryError:
            generator.bit_generator.state = state
            recipe = recipe.with_settings({"tile": _halve_tile(recipe, size)})


def _halve_tile(recipe: Recipe, size: Size) -> str:
    height, width = recipe.tile_size(size) or size
    if max(height, width) <= MIN_TILE_SIZE:
        raise RecipeError(
            "the device has too little free memory for a single small tile; close other programs, "
            f"or use {option('device', 'cpu')}"
        )
    return format_size((-(-height // 2), -(-width // 2)))
