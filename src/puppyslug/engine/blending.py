"""Blending a dream with its photo, after the last step."""

import torch
from torch import Tensor

from puppyslug.images.colour import transfer_colours


def blend(dream: Tensor, photo: Tensor, *, strength: float, keep_colours: bool) -> Tensor:
    """Blend a dream with the photo that it was dreamt from.

    Args:
        dream: N×3×H×W RGB in [0, 1].
        photo: N×3×H×W RGB in [0, 1].
        strength: share of the dream in [0, 1]; 0 returns the photo.
        keep_colours: whether to combine the dream's luminance with the photo's colours.

    Returns:
        N×3×H×W RGB in [0, 1]; pixels that the dream has not changed equal the photo's exactly.
    """
    if strength == 1 and not keep_colours:
        return dream
    blended = transfer_colours(photo, dream) if keep_colours else dream
    blended = torch.lerp(photo, blended, strength)
    return (
        torch.where(dream == photo, photo, blended)
        if not keep_colours
        else torch.where((dream == photo).all(1, keepdim=True), photo, blended)
    )
