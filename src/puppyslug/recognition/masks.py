"""Masks of where a picture may change, from an image or from what a network sees."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import ImageError
from puppyslug.images import LoadedImage
from puppyslug.images.colour import luminance
from puppyslug.images.filters import blur
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import ClassMask
from puppyslug.recognition.class_maps import class_map, localise
from puppyslug.recognition.classification import resize_for_classifier

CLASS_MAP_BLUR = 1.0  # positions of the class map, to close holes
CLASS_SHARPNESS = 3.0  # see ``localise``
_BLACK, _WHITE = 0.15, 0.55  # thresholds of the normalised mask


def mask_from_photo(photo: LoadedImage, size: Size, *, by_alpha: bool = True) -> Tensor:
    """Convert an image to a mask: white changes fully, black and transparent pixels not at all.

    Of a cut-out, which is transparent in part, only the opacity counts: its colours are those of a
    thing, not of a mask.

    Args:
        photo: an image of any size.
        size: (height, width) to which it is stretched.
        by_alpha: whether that is so; otherwise a cut-out's luminance counts, too.

    Returns:
        1×1×height×width in [0, 1].

    Raises:
        ImageError: the image is entirely black.
    """
    mask = luminance(photo.image)
    if photo.alpha is not None:
        is_cut_out = by_alpha and bool((photo.alpha < 1).any())
        mask = photo.alpha if is_cut_out else mask * photo.alpha
    if tuple(mask.shape[-2:]) != size:
        mask = interpolate(mask, size=size, mode="bilinear", align_corners=False, antialias=True)
    mask = mask.clamp(0, 1)
    if not mask.any():
        raise ImageError(
            f"the mask {photo.name or 'image'} is entirely black, so nothing would change; paint "
            "white where to dream"
        )
    return mask


def mask_from_class(mask: ClassMask, network: Network, image: Tensor) -> Tensor:
    """Compute a mask of where a network sees a class in a photo, or where it does not.

    Args:
        mask: the class, and whether to invert the mask.
        network: a network with classes.
        image: 1×3×H×W RGB in [0, 1].

    Returns:
        1×1×H×W in [0, 1].
    """
    size = (image.shape[-2], image.shape[-1])
    maps = class_map(
        network,
        resize_for_classifier(image, network.spec.trained_at),
        mask.term.classes,
    )
    maps = blur(maps, CLASS_MAP_BLUR)
    seen = localise(maps, size, sharpness=CLASS_SHARPNESS)
    low, high = seen.min(), seen.max()
    seen = (seen - low) / (high - low) if high > low else torch.ones_like(seen)
    seen = ((seen - _BLACK) / (_WHITE - _BLACK)).clamp(0, 1)
    return 1 - seen if mask.inverted else seen
