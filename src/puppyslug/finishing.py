"""What is done to a dream at its end: the photo's colours, and how much of the photo stays."""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


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


def luminance(image: Tensor) -> Tensor:
    """N×3×H×W RGB → N×1×H×W."""
    weights = image.new_tensor(LUMA).reshape(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def with_colours_of(photo: Tensor, dream: Tensor) -> Tensor:
    """The dream's luminance with the photo's chroma, as much of it as that luminance can hold.

    Args:
        photo: N×3×H×W RGB in [0, 1].
        dream: N×3×H×W RGB in [0, 1].

    Returns:
        N×3×H×W RGB in [0, 1] with the dream's luminance.
    """
    light = luminance(dream)
    chroma = photo - luminance(photo)
    room = torch.where(chroma > 0, (1 - light) / chroma, -light / chroma)
    room = torch.where(chroma == 0, 1.0, room).amin(1, keepdim=True).clamp(0, 1)
    return (light + room * chroma).clamp_(0, 1)
