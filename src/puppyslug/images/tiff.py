"""Reads TIFF files of the kinds that Pillow does not read, or reads wrongly, with tifffile.

These are samples of more than 8 bits, floats, CMYK with transparency, and Lab colours.
"""

import io
import logging
import math
from dataclasses import replace
from typing import Any

import numpy as np

from puppyslug.errors import ImageError
from puppyslug.images.lab import lab_to_srgb
from puppyslug.images.samples import Array, Samples, samples_of, unpremultiply
from puppyslug.images.tiff_segments import COMPRESSIONS, decode_page

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_COMPRESSION_NAMES = {
    2: "CCITT RLE", 3: "CCITT fax 3", 4: "CCITT fax 4", 6: "old JPEG", 7: "JPEG", 34925: "LZMA",
    34712: "JPEG 2000", 34887: "LERC", 34892: "JPEG", 50001: "WebP", 50002: "JPEG XL",
}  # fmt: skip
_GREY, _RGB, _PALETTE, _CMYK = (0, 1), 2, 3, 5
_CIELAB, _ICCLAB = 8, 9
_CHANNELS = {0: 1, 1: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _CIELAB: 3, _ICCLAB: 3}
_PHOTOMETRIC_NAMES = {
    4: "transparency mask", 6: "YCbCr", 10: "ITU Lab", 32803: "raw camera data",
    32844: "LogL", 32845: "LogLuv", 34892: "raw camera data",
}  # fmt: skip
_PREMULTIPLIED, _UNASSOCIATED = 1, 2
_ORIENTATION, _INK_SET, _PROFILE = 274, 332, 34675
_PLACES = (273, 279, 324, 325)  # tags of the offsets and lengths of strips and tiles
_INTEGER_TYPES = (1, 3, 4, 13, 16, 18)  # bytes, shorts, longs and file positions

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # it reports odd tags to stderr


def is_tiff(data: bytes) -> bool:
    """Return whether data begin as a TIFF file does."""
    return data.startswith(SIGNATURES)


def read_tiff(data: bytes, name: str, *, max_pixels: int) -> Samples:
    """Read the first page of a TIFF file.

    Args:
        data: content of the file.
        name: name of the file, for error messages.
        max_pixels: maximum number of pixels, checked before decoding.

    Raises:
        ImageError: the file is damaged, too large, or of a kind that is not supported.
    """
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages.first
            _check_size(page, name, max_pixels)
            _check_kind(page, name)
            _check_places(page, name)
            return _samples(page, decode_page(page, data), name)
    except ImageError:
        raise
    except Exception as error:  # tifffile raises errors of many types for damaged files
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise ImageError(f"{name} is damaged or truncated ({reason})") from error


def _check_places(page: Any, name: str) -> None:
    """Check that the places of the image data are whole numbers."""
    for tag in map(page.tags.get, _PLACES):
        if tag is not None and tag.dtype not in _INTEGER_TYPES:
            raise ImageError(f"{name} is damaged: its image data have no valid place in the file")


def _check_size(page: Any, name: str, max_pixels: int) -> None:
    if page.imagewidth * page.imagelength > max_pixels:
        raise ImageError(
            f"{name} exceeds the limit of {max_pixels / 1e6:.0f} megapixels; scale it down first"
        )
    if page.imagewidth * page.imagelength == 0:
        raise ImageError(f"{name} is damaged: it has no pixels")
    # a tile can be larger than the image, but not by much
    if math.prod(page.chunks) > 4 * max(page.size, 1 << 20):
        raise ImageError(f"{name} is damaged: its tiles are larger than the image")


def _check_kind(page: Any, name: str) -> None:
    """Refuse what is not supported, with the reason."""
    photometric = int(page.photometric)
    compression = int(page.compression)
    kind = ""
    if photometric not in _CHANNELS:
        kind = _PHOTOMETRIC_NAMES.get(photometric, f"photometric interpretation {photometric}")
    elif compression not in COMPRESSIONS:
        kind = _COMPRESSION_NAMES.get(compression, f"number {compression}") + " compression"
    elif page.dtype is None or page.dtype.kind not in "buif":
        bits = page.bitspersample
        kind = f"{bits if isinstance(bits, int) else 'mixed'} bits of type {page.sampleformat}"
    elif not isinstance(page.bitspersample, int) or (
        page.bitspersample not in (8, 16, 32, 64)
        and (page.bitspersample > 16 or page.dtype.kind not in "bu" or page.predictor != 1)
    ):
        kind = f"{page.bitspersample} bits"
    elif page.fillorder != 1:
        kind = "reversed order of bits"
    elif photometric in (_CIELAB, _ICCLAB) and page.dtype.kind == "f":
        kind = "Lab colours as floats"
    elif photometric == _CMYK and page.tags.valueof(_INK_SET, 1) != 1:
        kind = "inks other than CMYK"
    elif page.axes not in ("YX", "YXS", "SYX"):
        kind = f"axes {page.axes}"
    elif page.samplesperpixel > _CHANNELS[photometric] + 16:
        kind = f"{page.samplesperpixel} channels"
    if kind:
        raise ImageError(
            f"{name} is a TIFF of a kind that is not supported ({kind}); save it with 8 or 16 "
            "bits per channel, as grey or RGB"
        )


def _samples(page: Any, array: Array, name: str) -> Samples:
    """Convert the decoded page to samples."""
    photometric = int(page.photometric)
    bits = page.bitspersample if isinstance(page.bitspersample, int) else None
    channels = _CHANNELS[photometric]
    if array.shape[-1] < channels:
        raise ImageError(f"{name} is damaged: it has {array.shape[-1]} channels of {channels}")
    samples = samples_of(array[..., :channels], bits)
    kinds = [int(kind) for kind in page.extrasamples][: array.shape[-1] - channels]
    place = next((i for i, kind in enumerate(kinds) if kind), None)
    if place is not None:
        alpha = samples_of(array[..., channels + place], bits).colour[..., 0]
        samples = replace(samples, alpha=alpha)
        if kinds[place] == _PREMULTIPLIED:
            samples = unpremultiply(samples)
    profile = page.tags.valueof(_PROFILE)
    orientation = page.tags.valueof(_ORIENTATION, 1)
    samples = replace(
        samples,
        inverted=photometric == 0,
        profile=bytes(profile) if isinstance(profile, bytes) else b"",
        orientation=orientation if isinstance(orientation, int) else 1,
    )
    if photometric == _PALETTE:
        return _apply_palette(page, samples)
    if photometric in (_CIELAB, _ICCLAB):
        return _convert_lab(samples, signed=photometric == _CIELAB)
    return samples


def _apply_palette(page: Any, samples: Samples) -> Samples:
    palette = np.asarray(page.colormap, np.uint16).T  # entries × 3
    indices = np.minimum(samples.colour[..., 0], len(palette) - 1)
    alpha = samples.alpha
    if alpha is not None:  # of the bits of the indices
        alpha = (alpha * (65_535 / samples.alpha_range().high)).astype(np.uint16)
    return replace(samples, colour=palette[indices], bits=16, alpha=alpha, inverted=False)


def _convert_lab(samples: Samples, *, signed: bool) -> Samples:
    """Convert Lab colours to floats in sRGB; a profile of Lab colours adds nothing.

    Args:
        samples: of 8 or 16 bits.
        signed: whether a and b are signed (CIELAB), or have an offset (ICCLAB).
    """
    deep = samples.colour.dtype.itemsize > 1
    top = (65_535 if signed else 65_280) if deep else 255
    unit = 256 if deep else 1
    values = samples.colour.astype(np.float64)
    a_and_b = values[..., 1:] / unit
    a_and_b = (a_and_b + 128) % 256 - 128 if signed else a_and_b - 128
    lab = np.concatenate([values[..., :1] / top * 100, a_and_b], axis=-1)
    alpha = samples.alpha
    if alpha is not None:
        alpha = alpha.astype(np.float64) / samples.alpha_range().high
    return replace(samples, colour=lab_to_srgb(lab), bits=None, alpha=alpha, profile=b"")
