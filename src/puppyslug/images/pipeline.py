"""The one path from decoded images, of files or in memory, to 8-bit sRGB.

Decode → apply the profile → scale to 8 bits → turn upright → split the alpha channel.
"""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from puppyslug.images.exif import find_orientation
from puppyslug.images.profiles import deep_to_srgb, to_srgb
from puppyslug.images.samples import Samples, samples_of, to_eight_bits, to_sixteen_bits
from puppyslug.images.transparency import find_alpha

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}  # of samples, by their number of channels
_MIN_IS_WHITE, _PHOTOMETRIC, _BITS_PER_SAMPLE = 0, 262, 258  # of TIFF


class UprightImage(NamedTuple):
    """An image in 8 bits and sRGB, upright.

    Attributes:
        picture: image of mode RGB.
        alpha: image of mode L, or None if the image has no transparency.
        notices: what the user should know about the conversion.
    """

    picture: Image.Image
    alpha: Image.Image | None
    notices: tuple[str, ...] = ()

    def with_notice(self, notice: str) -> "UprightImage":
        """Return the image with another notice."""
        return self._replace(notices=(*self.notices, notice))

    def to_pil(self) -> Image.Image:
        """Return the image as mode RGB, or RGBA if it has transparency."""
        if self.alpha is None:
            return self.picture
        picture = self.picture.copy()
        picture.putalpha(self.alpha)
        return picture


def normalise(picture: Image.Image, *, orientation: int | None = None) -> UprightImage:
    """Convert an image of any mode.

    Args:
        picture: decoded image; its ``info`` holds profile, transparency and EXIF.
        orientation: EXIF orientation; None for the one in ``info``.
    """
    if orientation is None:
        # Pillow turns TIFF files itself
        orientation = 1 if picture.format == "TIFF" else find_orientation(picture.info)
    profile = picture.info.get("icc_profile") or b""
    alpha, picture = find_alpha(picture)
    if picture.mode in {"F", "I"} or picture.mode.startswith("I;16"):
        samples = _samples_in_memory(picture)
        converted, notices = _convert_samples(samples, profile)
    else:
        converted, notices = to_srgb(picture, profile), ()
    return _turn(converted, alpha, orientation, notices)


def normalise_samples(samples: Samples) -> UprightImage:
    """Convert an array of samples."""
    picture, notices = _convert_samples(samples, samples.profile)
    alpha = None
    if samples.alpha is not None:
        alpha = Image.fromarray(to_eight_bits(samples.alpha, samples.alpha_range()))
    return _turn(picture, alpha, samples.orientation, notices)


def _convert_samples(samples: Samples, profile: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert the colours of samples to an image of mode RGB, with notices."""
    colour, range_ = samples.colour, samples.colour_range()
    notices: tuple[str, ...] = ()
    if range_.guessed:
        notices = (f"its values have no fixed range; {range_} is taken as black to white",)
    if samples.inverted:
        range_ = range_._replace(low=range_.high, high=range_.low)
    if profile and colour.shape[-1] < 4:
        converted = deep_to_srgb(to_sixteen_bits(colour, range_), profile)
        if converted is not None:
            return Image.fromarray(converted), notices
    eight = to_eight_bits(colour, range_)
    values = np.ascontiguousarray(eight[..., 0] if eight.shape[-1] == 1 else eight)
    mode = _MODES[colour.shape[-1]]
    picture = Image.frombytes(mode, (values.shape[1], values.shape[0]), values.tobytes())
    return to_srgb(picture, profile), notices


def _samples_in_memory(picture: Image.Image) -> Samples:
    """Return the samples of a deep Pillow image; of a TIFF, its tags say more than its mode."""
    tags: Any = getattr(picture, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, (None,))[0] if picture.mode.startswith("I;16") else None
    array = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        array = array.astype(np.uint16)
    samples = samples_of(array, bits)
    return Samples(samples.colour, samples.bits, inverted=tags.get(_PHOTOMETRIC) == _MIN_IS_WHITE)


def _turn(
    picture: Image.Image, alpha: Image.Image | None, orientation: int, notices: tuple[str, ...]
) -> UprightImage:
    method = _TRANSPOSITIONS.get(orientation)
    if method is not None:
        picture = picture.transpose(method)
        alpha = None if alpha is None else alpha.transpose(method)
    return UprightImage(picture, alpha, notices)
