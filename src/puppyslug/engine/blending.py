"""Blending a dream with its photo, after the last step."""

import torch
from torch import Tensor

from puppyslug.images.colour import adjust, transfer_colours
from puppyslug.images.palettes import Palette, transfer_palette
from puppyslug.recipe import Recipe


def blend(
    dream: Tensor,
    photo: Tensor,
    *,
    strength: float,
    keep_colours: bool,
    palette: Palette | None = None,
    saturation: float = 1.0,
    contrast: float = 1.0,
) -> Tensor:
    """Blend a dream with the photo that it was dreamt from.

    Args:
        dream: N×3×H×W RGB in [0, 1].
        photo: N×3×H×W RGB in [0, 1].
        strength: share of the dream in [0, 1]; 0 returns the photo.
        keep_colours: whether to combine the dream's luminance with the photo's colours.
        palette: distribution of colours that the dream gets, as in ``transfer_palette``.
        saturation: as in ``adjust``.
        contrast: as in ``adjust``.

    Returns:
        N×3×H×W RGB in [0, 1]; pixels that the dream has not changed equal the photo's exactly.
    """
    coloured = keep_colours or palette is not None or saturation != 1 or contrast != 1
    if strength == 1 and not coloured:
        return dream
    blended = transfer_colours(photo, dream) if keep_colours else dream
    if palette is not None:
        blended = transfer_palette(blended, palette)
    blended = adjust(blended, saturation=saturation, contrast=contrast)
    blended = torch.lerp(photo, blended, strength)
    unchanged = dream == photo
    if coloured:
        unchanged = unchanged.all(1, keepdim=True)
    return torch.where(unchanged, photo, blended)


def blend_by_recipe(dream: Tensor, photo: Tensor, recipe: Recipe) -> Tensor:
    """Blend a dream with its photo as a recipe says; see ``blend``."""
    return blend(
        dream,
        photo,
        strength=recipe.strength,
        keep_colours=recipe.keep_colours,
        palette=recipe.palette_from,
        saturation=recipe.saturation,
        contrast=recipe.contrast,
    )
