"""Colour: the luminance of an image, and its combination with the chroma of another."""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue (ITU-R BT.601)

MIN_CHROMA = 0.02  # mean distance from grey up to which colour is never limited


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


def limit_chroma(image: Tensor, photo: Tensor, limit: float) -> Tensor:
    """Move the colours of an image towards a photo's if there is more colour on average.

    The luminance stays. Colour is the distance from grey, averaged over pixels and channels.

    Args:
        image: N×3×H×W RGB in [0, 1].
        photo: N×3×H×W RGB in [0, 1].
        limit: colour of the result relative to the photo's, at least 1; a photo with little colour
            counts as one with a mean of ``MIN_CHROMA``.

    Returns:
        N×3×H×W RGB in [0, 1].
    """
    light = luminance(image)
    chroma, photo_chroma = image - light, photo - luminance(photo)
    amount, photo_amount = colourfulness(image), colourfulness(photo)
    allowed = (limit * photo_amount).clamp(min=MIN_CHROMA)
    excess = (amount - photo_amount).clamp(min=torch.finfo(amount.dtype).tiny)
    # the mean distance from grey is a convex function of the share, so this is within the limit
    share = ((allowed - photo_amount) / excess).clamp(0, 1)
    limited = (light + torch.lerp(photo_chroma, chroma, share)).clamp_(0, 1)
    return torch.where(amount > allowed, limited, image)


def colourfulness(image: Tensor) -> Tensor:
    """Compute the mean distance from grey of each image: N×3×H×W → N×1×1×1."""
    return (image - luminance(image)).abs().mean((1, 2, 3), keepdim=True)


def adjust(image: Tensor, *, saturation: float = 1.0, contrast: float = 1.0) -> Tensor:
    """Change the saturation and the contrast of an image.

    Args:
        image: N×3×H×W RGB in [0, 1].
        saturation: factor of each pixel's distance from grey.
        contrast: factor of each pixel's distance from the mean luminance.

    Returns:
        N×3×H×W RGB in [0, 1].
    """
    if saturation != 1:
        light = luminance(image)
        image = (light + saturation * (image - light)).clamp_(0, 1)
    if contrast != 1:
        mean = luminance(image).mean((2, 3), keepdim=True)
        image = (mean + contrast * (image - mean)).clamp_(0, 1)
    return image
