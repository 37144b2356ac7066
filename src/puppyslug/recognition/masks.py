"""Masks: where a picture dreams, from a picture or from what a network sees."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import ImageError
from puppyslug.images import Photo
from puppyslug.images.colour import luminance
from puppyslug.images.filters import blur
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import Mask
from puppyslug.recognition.class_maps import class_map, where_seen
from puppyslug.recognition.classification import looked_at

MASK_BLUR = 1.0  # positions of the class map, so that a thing has no holes
_NOTHING, _ALL = 0.15, 0.55  # of the evidence, below and above which a mask is black or white
MASK_SHARPNESS = 3.0  # of a mask by name, see ``where_seen``


def fitted_mask(photo: Photo, size: Size) -> Tensor:
    """A picture as a mask: white dreams, black does not, transparent neither.

    Args:
        photo: the mask's picture, of any size.
        size: (height, width) that it is stretched to.

    Returns:
        1×1×height×width in [0, 1].

    Raises:
        ImageError: it is black all over.
    """
    mask = luminance(photo.image)
    if photo.alpha is not None:
        mask = mask * photo.alpha
    if tuple(mask.shape[-2:]) != size:
        mask = interpolate(mask, size=size, mode="bilinear", align_corners=False, antialias=True)
    mask = mask.clamp(0, 1)
    if not mask.any():
        raise ImageError(
            f"the mask {photo.name or 'picture'} is black all over, so that nothing would change; "
            "paint white where to dream"
        )
    return mask


def mask_by_name(mask: Mask, network: Network, image: Tensor) -> Tensor:
    """Where a network sees a thing in a photo, or where it does not.

    Args:
        mask: what to look for.
        network: one that knows classes.
        image: 1×3×H×W RGB in [0, 1].

    Returns:
        1×1×H×W in [0, 1], from 0 to 1.
    """
    size = (image.shape[-2], image.shape[-1])
    evidence = class_map(
        network, looked_at(image, network.spec.trained_at), mask.seen.label.members
    )
    evidence = blur(evidence, MASK_BLUR)
    seen = where_seen(evidence, size, sharpness=MASK_SHARPNESS)
    low, high = seen.min(), seen.max()
    seen = (seen - low) / (high - low) if high > low else torch.ones_like(seen)
    seen = ((seen - _NOTHING) / (_ALL - _NOTHING)).clamp(0, 1)
    return 1 - seen if mask.inverted else seen
