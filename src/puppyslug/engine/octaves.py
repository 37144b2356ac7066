"""Octaves: the sizes at which a picture is dreamt, coarsest first. Nothing here imports torch."""

import math
from dataclasses import dataclass

from puppyslug.errors import ImageError, RecipeError
from puppyslug.images.sizes import Size, display_size
from puppyslug.networks import NetworkSpec
from puppyslug.objectives import Objective
from puppyslug.recipe.recipe import Recipe

MAX_OCTAVES = 200
THING = 128  # pixels, edge of the square that a network of today needs to know a thing


@dataclass(frozen=True)
class OctavePlan:
    """The octaves of one dream.

    Attributes:
        sizes: (height, width) of each octave, coarsest first; the last is the picture's own.
        dropped: how many octaves the recipe asks for that would be too small for the layer.
        smallest: shortest edge, in pixels, that the objective's layers need.
    """

    sizes: tuple[Size, ...]
    dropped: int
    smallest: int


def octave_sizes(
    size: Size, octaves: int, scale: float, composed: Size | None = None
) -> list[Size]:
    """Octave sizes, coarsest first, as the notebook of 2015 makes them.

    Each is the next finer one divided by ``scale`` and rounded. A picture larger than it was
    composed at keeps the octaves of its composition and gets finer ones on top, the last ratio
    being whatever is left; one that is smaller loses its finest.

    Args:
        size: (height, width) of the picture.
        octaves: how many octaves at the size it was composed at.
        scale: ratio between octaves, above 1.
        composed: (height, width) that the picture was composed at; None for ``size``.
    """
    if composed is None or composed == size:
        sizes = [size]
        while len(sizes) < octaves and min(sizes[-1]) > 1:
            height, width = sizes[-1]
            sizes.append((max(1, round(height * (1 / scale))), max(1, round(width * (1 / scale)))))
        return sizes[::-1]
    sizes = [
        octave
        for octave in octave_sizes(composed, octaves, scale)
        if octave[0] < size[0] and octave[1] < size[1]
    ]
    ratio = scale
    while sizes and composed[0] * ratio < size[0] and composed[1] * ratio < size[1]:
        sizes.append((round(composed[0] * ratio), round(composed[1] * ratio)))
        ratio *= scale
        if len(sizes) > MAX_OCTAVES:
            raise RecipeError(
                f"octave_scale {scale} is too near to 1 to dream {composed[1]}×{composed[0]} "
                f"at {size[1]}×{size[0]}; it would take over {MAX_OCTAVES} octaves"
            )
    return [*sizes, size]


def octaves_for(size: Size, count: int, scale: float) -> int:
    """How many octaves make room for things: in the coarsest, they just fill the picture.

    Args:
        size: (height, width) of the picture.
        count: how many things.
        scale: ratio between octaves, above 1.
    """
    ratio = size[0] * size[1] / (count * THING**2)
    return 1 + max(0, round(math.log(ratio) / (2 * math.log(scale))))


def plan_octaves(recipe: Recipe, objective: Objective, spec: NetworkSpec, size: Size) -> OctavePlan:
    """Decide the octaves of a dream, leaving out those that are too small for its layers.

    Args:
        recipe: how many octaves, and their ratio.
        objective: which layers it needs.
        spec: the network.
        size: (height, width) of the picture.

    Raises:
        ImageError: the picture itself is too small.
        NetworkError: the objective names a layer that the network does not have.
    """
    layers = [spec.layer(name) for name in objective.layers]
    deepest = max(layers, key=lambda layer: layer.smallest)
    if min(size) < deepest.smallest:
        raise ImageError(
            f"the picture of {display_size(size)} pixels is too small for {deepest.name} of "
            f"{spec.name}, which needs {deepest.smallest}×{deepest.smallest}; take a larger "
            "picture or a lower layer"
        )
    sizes = octave_sizes(size, recipe.octaves, recipe.octave_scale, recipe.composition)
    kept = [octave for octave in sizes if min(octave) >= deepest.smallest]
    asked = max(len(sizes), recipe.octaves) if recipe.composition is None else len(sizes)
    return OctavePlan(tuple(kept), asked - len(kept), deepest.smallest)
