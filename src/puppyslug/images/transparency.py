"""Transparency of Pillow images: alpha channels, palettes with alpha, and transparent colours."""

import numpy as np
from PIL import Image

from puppyslug.images.samples import Array


def find_alpha(picture: Image.Image) -> tuple[Image.Image | None, Image.Image]:
    """Split an image into its alpha channel and its colours.

    Args:
        picture: image of any mode; a transparent colour in its ``info`` is in the units of its
            samples.

    Returns:
        The alpha channel of mode L, or None if there is no transparency; and the image without it.
    """
    if not picture.has_transparency_data:
        return None, picture
    key = picture.info.get("transparency")
    if picture.mode in {"1", "L", "RGB", "I", "F"} or picture.mode.startswith("I;16"):
        return _alpha_of_colour(picture, key), picture
    if picture.mode not in {"P", "PA", "LA", "La", "RGBA", "RGBa"}:
        return None, picture  # left over from an earlier mode
    grey = picture.mode in {"LA", "La"}
    *bands, alpha = picture.convert("LA" if grey else "RGBA").split()
    return alpha, bands[0] if grey else Image.merge("RGB", bands)


def transparent_where(samples: Array, key: Array) -> Image.Image:
    """Return the alpha channel of an image of which one colour is transparent.

    Args:
        samples: H×W×C.
        key: the colour, of shape (C,).
    """
    opaque = (samples != key).any(-1)
    return Image.fromarray(np.where(opaque, 255, 0).astype(np.uint8))


def _alpha_of_colour(picture: Image.Image, key: object) -> Image.Image | None:
    values = key if isinstance(key, tuple | list) else (key,)
    if len(values) != len(picture.getbands()):
        return None
    if not all(isinstance(value, int | float) for value in values):
        return None
    colour = np.array(values)
    if picture.mode == "RGB" and colour.max() > 255:  # of a PNG of 16 bits
        colour = colour // 256
    samples = np.asarray(picture)
    if picture.mode == "1":
        samples, colour = samples.astype(np.uint8), colour.astype(bool).astype(np.uint8)
    return transparent_where(samples[..., None] if samples.ndim == 2 else samples, colour)
