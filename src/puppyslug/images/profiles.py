"""ICC profiles: conversion to sRGB, at the depth of the samples."""

import contextlib
import functools
import io

import numpy as np
from PIL import Image, ImageCms

from puppyslug.images.samples import Array, in_strips

_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}  # by colour space
_SPACE = slice(16, 20)  # of a profile, its colour space


def to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert an 8-bit image to RGB in sRGB.

    Args:
        picture: image without transparency, of any mode of 8 bits.
        profile: its ICC profile; one that is empty, invalid or for other colours is ignored.
    """
    source = _open_profile(profile)
    mode = None if source is None else _MODES.get(profile[_SPACE])
    if mode == "RGB" and picture.mode not in {"CMYK", "LAB"}:
        picture = picture.convert("RGB")
    if picture.mode == "LAB" and mode != "LAB":
        source, mode = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB"
    if picture.mode == "1" and mode == "L":
        picture = picture.convert("L")
    if source is not None and picture.mode == mode:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            # Little CMS optimises conversions of grey with too few nodes for dark levels
            flags = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB", flags=flags
            )
            if converted is not None:
                return converted
    return picture.convert("RGB")


def deep_to_srgb(colour: Array, profile: bytes) -> Array | None:
    """Convert samples of 16 bits to 8 bits in sRGB, in one step.

    Args:
        colour: H×W×C uint16; C of 1 (grey) or 3 (RGB).
        profile: their ICC profile.

    Returns:
        H×W×3 uint8; None if the profile is invalid or for other colours.
    """
    import imagecodecs

    source = _open_profile(profile)
    space = {1: b"GRAY", 3: b"RGB "}.get(colour.shape[-1])
    if source is None or profile[_SPACE] != space:
        return None
    layout, flags = ("gray", ImageCms.Flags.NOOPTIMIZE) if space == b"GRAY" else ("rgb", 0)

    def convert(values: Array) -> Array:
        converted: Array = imagecodecs.cms_transform(
            np.ascontiguousarray(values), profile, _srgb(), colorspace=layout, outcolorspace="rgb",
            outdtype="uint8", flags=int(flags),
        )  # fmt: skip
        return converted

    with contextlib.suppress(imagecodecs.CmsError, ValueError, RuntimeError):
        if layout == "rgb":
            return in_strips(colour, convert)
        levels = convert(np.arange(1 << 16, dtype=np.uint16).reshape(256, 256))
        return in_strips(colour[..., 0], levels.reshape(-1, 3).__getitem__)
    return None


def _open_profile(profile: bytes) -> ImageCms.ImageCmsProfile | None:
    if not profile:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None


@functools.cache
def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
