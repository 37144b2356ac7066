"""Enlarged dreams: the composition is dreamt at its own size, and larger octaves refine it.

A network recognises things of about the size that it was trained with. At a larger size it no
longer sees the thing that the smaller dream shows, and would dissolve it into smaller ones.
"""

from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.images.sizes import Size
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe import Recipe

REFINING_SHARE = 0.3  # of the step size, in octaves that refine


def refines(recipe: Recipe, size: Size) -> bool:
    """Return whether an octave of this (height, width) refines a smaller dream of a named thing.

    Dreams of layers have no single thing to keep, and are richer with smaller shapes.
    """
    composition = recipe.composition_size
    if recipe.enlarge != "refine" or composition is None or size[0] <= composition[0]:
        return False
    return any(isinstance(term, SeeTerm) for _, term in recipe.combined_objective().terms)


def refining_recipe(recipe: Recipe, size: Size) -> Recipe:
    """Return the recipe of an octave of (height, width) that refines a smaller dream.

    Steps are smaller, and the network sees the image at all sizes from the composition's to its
    own.
    """
    composition = recipe.composition_size
    assert composition is not None
    return recipe.model_copy(
        update={
            "step_size": recipe.step_size * REFINING_SHARE,
            "rescale": max(recipe.rescale, 1 - composition[0] / size[0]),
        }
    )


def shrink(image: Tensor, size: Size) -> Tensor:
    """Scale an image down with antialiasing, N×C×H×W → N×C×``size``."""
    return interpolate(image, size=size, mode="bicubic", antialias=True).clamp_(0, 1)
