"""Octaves: the sizes at which an image is dreamt, coarsest first. Nothing here imports torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from puppyslug.engine.variation import Variation
from puppyslug.errors import ImageError, RecipeError
from puppyslug.images.sizes import Size, display_size, fit_size
from puppyslug.networks import NetworkSpec
from puppyslug.objectives import Objective
from puppyslug.recipe import Recipe

MAX_OCTAVES = 200
COMPOSITION_SIDE = 480  # pixels, longest side of the picture in which a named thing is drawn
# Size of the shapes for each ``scale`` of a recipe, relative to medium.
SHAPE_SIZES: Mapping[str, float] = MappingProxyType(
    {"small": 0.5, "medium": 1.0, "large": 2.0, "huge": 4.0}
)
OBJECT_SIZE = 128  # pixels, side of the square in which networks of today recognise an object


@dataclass(frozen=True)
class OctavePlan:
    """The octaves of a dream.

    Attributes:
        sizes: (height, width) of each octave, coarsest first; the last one is the image's own.
        dropped: number of requested octaves that are too small for the objective's layers.
        min_size: shorter side, in pixels, that the objective's layers require.
    """

    sizes: tuple[Size, ...]
    dropped: int
    min_size: int


def octave_sizes(
    size: Size,
    octaves: int,
    scale: float,
    composition: Size | None = None,
    *,
    ratio: float = 1.0,
) -> list[Size]:
    """Compute the sizes of octaves, coarsest first, as in the notebook of 2015.

    Each is the next finer one divided by ``scale`` and rounded. An image larger than its
    composition keeps the composition's octaves and gets finer ones on top, with a smaller ratio
    before the last; a smaller image loses its finest octaves.

    Args:
        size: (height, width) of the image.
        octaves: number of octaves at the size of the composition.
        scale: ratio between octaves, above 1.
        composition: (height, width) of the composition; None for ``size``.
        ratio: by which all octaves but the last are larger, between 1 / ``scale`` and ``scale``.

    Raises:
        RecipeError: the scale results in more than ``MAX_OCTAVES`` octaves.
    """
    if composition is None or composition == size:
        sizes = [size]
        while len(sizes) < octaves and min(sizes[-1]) > 1:
            sizes.append(_scale_size(sizes[-1], 1 / scale))
        if ratio != 1:
            sizes[1:] = [_scale_size(octave, ratio) for octave in sizes[1:]]
        return sizes[::-1]
    sizes = [
        octave
        for octave in octave_sizes(composition, octaves, scale, ratio=ratio)
        if octave[0] < size[0] and octave[1] < size[1]
    ]
    factor = scale
    while sizes and composition[0] * factor < size[0] and composition[1] * factor < size[1]:
        sizes.append(_scale_size(composition, factor))
        factor *= scale
        if len(sizes) > MAX_OCTAVES:
            raise RecipeError(
                f"octave_scale {scale} is too close to 1: {display_size(composition)} enlarged to "
                f"{display_size(size)} would take over {MAX_OCTAVES} octaves; use a larger one"
            )
    return [*sizes, size]


def drawing_size(size: Size, min_size: int = 1) -> Size:
    """Compute the size at which a named thing is drawn, from which octaves refine it.

    Args:
        size: (height, width) of the composition.
        min_size: shorter side, in pixels, that the layers require.
    """
    longest = max(COMPOSITION_SIDE, round(min_size * max(size) / min(size)))
    return fit_size(size, longest)


def _scale_size(size: Size, ratio: float) -> Size:
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def octaves_for_count(size: Size, count: int, scale: float) -> int:
    """Compute how many octaves leave room for several objects, which fill the coarsest octave.

    Args:
        size: (height, width) of the image.
        count: number of objects.
        scale: ratio between octaves, above 1.
    """
    ratio = size[0] * size[1] / (count * OBJECT_SIZE**2)
    return 1 + max(0, round(math.log(ratio) / (2 * math.log(scale))))


def default_octaves(octaves: int, size: Size, usual: Size, scale: float) -> int:
    """Compute how many octaves give shapes the same share of an enlarged image.

    Args:
        octaves: number of octaves at the usual size.
        size: (height, width) of the image.
        usual: (height, width) of the image if no size is chosen.
        scale: ratio between octaves, above 1.

    Returns:
        At least ``octaves``.
    """
    return octaves + max(0, round(math.log(max(size) / max(usual)) / math.log(scale)))


def scaled_octaves(octaves: int, name: str, scale: float) -> int:
    """Return the number of octaves for shapes of another size.

    Args:
        octaves: number of octaves for shapes of medium size.
        name: ``scale`` of a recipe.
        scale: ratio between octaves, above 1.
    """
    return max(1, octaves + round(math.log(SHAPE_SIZES[name]) / math.log(scale)))


def plan_octaves(recipe: Recipe, objective: Objective, spec: NetworkSpec, size: Size) -> OctavePlan:
    """Determine the octaves of a dream, without those that are too small for its layers.

    Args:
        recipe: number and ratio of the octaves.
        objective: the objective, which determines the layers.
        spec: the network.
        size: (height, width) of the image.

    Raises:
        ImageError: the image itself is too small.
        NetworkError: the objective names an unknown layer.
    """
    layers = [spec.layer(name) for name in objective.layers]
    deepest = max(layers, key=lambda layer: layer.min_size)
    if min(size) < deepest.min_size:
        raise ImageError(
            f"the image of {display_size(size)} pixels is too small for {deepest.name} of "
            f"{spec.name}, which needs {deepest.min_size}×{deepest.min_size}; use a larger image "
            "or a lower layer"
        )
    if recipe.draws_composition:
        drawn = drawing_size(recipe.composition_size or size, deepest.min_size)
        sizes = octave_sizes(size, 1, recipe.octave_scale, drawn)
        return OctavePlan(tuple(sizes), 0, deepest.min_size)
    sizes = octave_sizes(
        size,
        recipe.octaves,
        recipe.octave_scale,
        recipe.composition_size,
        ratio=Variation.of_recipe(recipe).octave_ratio,
    )
    kept = [octave for octave in sizes if min(octave) >= deepest.min_size]
    requested = max(len(sizes), recipe.octaves) if recipe.composition_size is None else len(sizes)
    return OctavePlan(tuple(kept), requested - len(kept), deepest.min_size)
