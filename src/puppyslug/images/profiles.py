"""ICC profiles: conversion to sRGB, at the depth of the samples."""

import contextlib
import functools
import io

import numpy as np
from PIL import Image, ImageCms

from puppyslug.images.samples import Array, in_strips

_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}  # by the profile's colours


def to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert an 8-bit image to RGB in sRGB.

    Args:
        picture: image without transparency, of any mode of 8 bits.
        profile: its ICC profile; one that is empty, invalid or for other colours is ignored.
    """
    source = _open_profile(profile)
    mode = None if source is None else _MODES.get(source.profile.xcolor_space)
    if mode == "RGB" and picture.mode not in {"CMYK", "LAB"}:
        picture = picture.convert("RGB")
    if picture.mode == "LAB" and mode != "LAB":
        source, mode = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB"
    if picture.mode == "1" and mode == "L":
        picture = picture.convert("L")
    if source is not None and picture.mode == mode:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
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
    space = {1: "GRAY", 3: "RGB "}.get(colour.shape[-1])
    if source is None or source.profile.xcolor_space != space:
        return None
    layout = "gray" if space == "GRAY" else "rgb"

    def convert(strip: Array) -> Array:
        values = np.ascontiguousarray(strip[..., 0] if layout == "gray" else strip)
        converted: Array = imagecodecs.cms_transform(
            values, profile, _srgb(), colorspace=layout, outcolorspace="rgb", outdtype="uint8"
        )
        return converted

    with contextlib.suppress(imagecodecs.CmsError, ValueError, RuntimeError):
        return in_strips(colour, convert)
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
