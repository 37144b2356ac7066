"""Colour: the luminance of an image, and its combination with the chroma of another."""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue (ITU-R BT.601)


def luminance(image: Tensor) -> Tensor:
    """Compute the luminance of an RGB image: N×3×H×W → N×1×H×W."""
    weights = image.new_tensor(LUMA).reshape(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def transfer_colours(photo: Tensor, dream: Tensor) -> Tensor:
    """Combine a dream's luminance with a photo's chroma.

    The chroma is reduced where the luminance is too dark or too bright for it.

    Args:
        photo: N×3×H×W RGB in [0, 1].
        dream: N×3×H×W RGB in [0, 1].

    Returns:
        N×3×H×W RGB in [0, 1] with the dream's luminance.
    """
    light = luminance(dream)
    chroma = photo - luminance(photo)
    limit = torch.where(chroma > 0, (1 - light) / chroma, -light / chroma)
    limit = torch.where(chroma == 0, 1.0, limit).amin(1, keepdim=True).clamp(0, 1)
    return (light + limit * chroma).clamp_(0, 1)
