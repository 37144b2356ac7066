"""Masks by what is in a picture: the evaluation of mask expressions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import ImageError
from puppyslug.images.filters import blur
from puppyslug.images.writer import to_pil
from puppyslug.objectives import ClassMask, Mask
from puppyslug.objectives.mask_expressions import (
    ColourMask,
    CombinedMask,
    FeatheredMask,
    GrownMask,
    InvertedMask,
    NamedMask,
)
from puppyslug.recognition import regions
from puppyslug.recognition.faces import face_mask, find_faces, person_mask
from puppyslug.recognition.foreground import foreground_mask
from puppyslug.recognition.segmentation import Pixels, Plane

ANALYSED_SIDE = 320  # pixels of the longer side, to which pictures are scaled down
OUTLINE_BLUR = 1 / 300  # of the longer side, by which the outlines of faces and things are softened
_FEATHER_SIGMA = 0.4  # standard deviations of a Gaussian for each pixel of a feather


@dataclass
class MaskedPicture:
    """A picture in which masks are looked for.

    Attributes:
        image: 1×3×H×W RGB in [0, 1].
        class_mask: computes the mask of a class, 1×1×H×W.
        alpha: opacity of the picture, 1×1×H×W in [0, 1]; None if it is opaque.
        response: computes how strongly a network responds, H×W in [0, 1], for H×W×3 RGB; None for a
            foreground by colour alone.
        pixel_scale: pixels of the picture for each pixel that a mask names.
        allow_empty: whether a mask may be 0 everywhere.
    """

    image: Tensor
    class_mask: Callable[[ClassMask], Tensor]
    alpha: Tensor | None = None
    response: Callable[[Pixels], Plane] | None = None
    pixel_scale: float = 1.0
    allow_empty: bool = False


def evaluate_mask(mask: Mask, picture: MaskedPicture) -> Tensor:
    """Compute a mask.

    ``and`` is the minimum of masks, ``or`` the maximum, ``not`` the difference to 1.

    Args:
        mask: what to look for.
        picture: where.

    Returns:
        1×1×H×W in [0, 1].

    Raises:
        ImageError: there is no such thing in the picture, or the masks that are combined leave
            nothing, unless ``allow_empty``.
    """
    result = _evaluate(mask, picture)
    if not picture.allow_empty and not result.any():
        raise ImageError(
            f"the mask {mask} covers nothing of the picture, so nothing would change; use another"
        )
    return result


def _evaluate(mask: Mask, picture: MaskedPicture) -> Tensor:
    match mask:
        case ClassMask():
            return picture.class_mask(mask)
        case InvertedMask():
            return 1 - _evaluate(mask.mask, picture)
        case CombinedMask():
            parts = torch.stack([_evaluate(part, picture) for part in mask.masks])
            return parts.amin(0) if mask.operator == "and" else parts.amax(0)
        case GrownMask():
            return _grow(_evaluate(mask.mask, picture), mask.pixels * picture.pixel_scale)
        case FeatheredMask():
            width = abs(mask.pixels) * picture.pixel_scale
            return blur(_evaluate(mask.mask, picture), _FEATHER_SIGMA * width).clamp(0, 1)
        case NamedMask() | ColourMask():
            return _find(mask, picture)


def _find(mask: NamedMask | ColourMask, picture: MaskedPicture) -> Tensor:
    """Compute a mask that OpenCV finds, on a copy of at most ``ANALYSED_SIDE`` pixels."""
    if mask == NamedMask("foreground") and _is_cut_out(picture.alpha):
        assert picture.alpha is not None
        return picture.alpha.to(picture.image)
    plane = find_region(mask, _pixels(picture.image), picture.response)
    if not picture.allow_empty and not plane.any():
        raise ImageError(_missing(mask))
    found = torch.from_numpy(plane)[None, None].to(picture.image)
    size = picture.image.shape[-2:]
    if found.shape[-2:] != size:
        found = interpolate(found, size=size, mode="bilinear", align_corners=False)
    return blur(found, max(size) * OUTLINE_BLUR).clamp(0, 1)


def find_region(
    mask: NamedMask | ColourMask,
    pixels: Pixels,
    response: Callable[[Pixels], Plane] | None = None,
) -> Plane:
    """Find a region in a picture.

    Args:
        mask: which one.
        pixels: H×W×3 RGB.
        response: as in ``MaskedPicture``.

    Returns:
        H×W in [0, 1]; 0 everywhere if there is no such region.
    """
    if isinstance(mask, ColourMask):
        return regions.colour_mask(pixels, mask.colour, mask.tolerance)
    if mask.name == "dark":
        bright = regions.bright_mask(pixels)
        return 1 - bright if bright.any() else bright
    if mask.name in _REGIONS:
        return _REGIONS[mask.name](pixels)
    faces = find_faces(pixels)
    if not faces:
        if mask.name == "foreground":
            return foreground_mask(pixels, None if response is None else response(pixels))
        return np.zeros(pixels.shape[:2], np.float32)
    return face_mask(pixels, faces) if mask.name == "face" else person_mask(pixels, faces)


_REGIONS: dict[str, Callable[[Pixels], Plane]] = {
    "bright": regions.bright_mask,
    "edges": regions.edge_mask,
}


def _missing(mask: NamedMask | ColourMask) -> str:
    if isinstance(mask, ColourMask):
        return f"the picture has no {mask.colour}; name another colour, or a larger tolerance"
    if mask.name in {"face", "person"}:
        return (
            "no face was found in the picture, as of a small or averted one; use foreground, or "
            "paint a mask"
        )
    if mask.name == "foreground":
        return "nothing stands out from the background; use a class, or paint a mask"
    return f"the picture is too uniform for the mask {mask.name}; use another mask"


def _pixels(image: Tensor) -> Pixels:
    picture = to_pil(image)
    picture.thumbnail((ANALYSED_SIDE, ANALYSED_SIDE))
    return np.asarray(picture)


def _is_cut_out(alpha: Tensor | None) -> bool:
    return alpha is not None and bool((alpha < 1).any())


def _grow(mask: Tensor, pixels: float) -> Tensor:
    """Move the outline of a mask by pixels, with a round brush; inwards if they are negative."""
    import cv2

    radius = math.ceil(abs(pixels))
    if not radius:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    plane = mask[0, 0].float().cpu().numpy()
    grown = cv2.dilate(plane, kernel) if pixels > 0 else cv2.erode(plane, kernel)
    return torch.from_numpy(grown)[None, None].to(mask)
