"""What is done to a dream at its end: the photo's colours, and how much of the photo stays."""

import torch
from torch import Tensor

from puppyslug.images.colour import with_colours_of


def finish(dream: Tensor, photo: Tensor, *, strength: float, keep_colours: bool) -> Tensor:
    """Finish a dream.

    Args:
        dream: N×3×H×W RGB in [0, 1].
        photo: N×3×H×W RGB in [0, 1], what it was dreamt of.
        strength: 1 for the dream, 0 for the photo, between for a mix of both.
        keep_colours: whether the dream's luminance gets the photo's colours.

    Returns:
        N×3×H×W RGB in [0, 1]; pixels that dreaming left alone are the photo's to the bit.
    """
    if strength == 1 and not keep_colours:
        return dream
    finished = with_colours_of(photo, dream) if keep_colours else dream
    finished = torch.lerp(photo, finished, strength)
    return (
        torch.where(dream == photo, photo, finished)
        if not keep_colours
        else torch.where((dream == photo).all(1, keepdim=True), photo, finished)
    )
