"""Colour: luminance, and the colours of one picture with the luminance of another."""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


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
