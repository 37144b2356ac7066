"""Decode image files, of safe formats only and after a check of their size. Torch-free."""

import contextlib
import struct
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
)

from puppyslug.errors import ImageError
from puppyslug.images.exif import find_orientation
from puppyslug.images.jpeg_end import decode_without_end, lacks_end
from puppyslug.images.pillow_decoder import (
    GREY_STEPS,
    UnidentifiedError,
    open_image,
    too_large_error,
)
from puppyslug.images.pipeline import UprightImage, normalise, normalise_samples
from puppyslug.images.png_chunks import SIGNATURE, PngParts, split_png
from puppyslug.images.samples import Array, Samples
from puppyslug.images.tiff import is_tiff, read_tiff

MAX_PIXELS = 178_956_970  # Pillow's own limit, above which it refuses to decode
# Modes and raw modes in which Pillow decodes colours of 16 bits: the upper and the lower bytes;
# grey with alpha as four bytes
_GREY_WITH_ALPHA = 4
_DEEP_LAYOUTS: dict[int, tuple[tuple[str, str], ...]] = {
    2: (("RGB", "RGB;16B"), ("RGB", "RGB;16L")),
    _GREY_WITH_ALPHA: (("RGBA", "RGBA"),),
    6: (("RGBA", "RGBA;16B"), ("RGBA", "RGBA;16L")),
}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG, by colour type
_MAX_DEFLATE_RATIO = 1032  # bytes that one compressed byte can stand for
_LAB = (8, 9, 10)  # photometric interpretations of TIFF
_UNSIGNED, _SEPARATE = 1, 2  # sample format and planar configuration of TIFF


def decode_image(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode the bytes of an image file; of an animation, the first frame.

    Args:
        data: content of the file; its format is detected from the content, not from the name.
        name: name of the file, for error messages.
        max_pixels: maximum number of pixels, checked before decoding.

    Returns:
        The image in 8 bits and sRGB, upright, of mode RGB, or RGBA if it has transparency.

    Raises:
        ImageError: the image is damaged, truncated, too large, or of an unsupported format.
    """
    return decode_upright(data, name, max_pixels=max_pixels).to_pil()


def decode_upright(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> UprightImage:
    """Decode as ``decode_image`` does, with the alpha channel apart, and notices.

    Raises:
        ImageError: as in ``decode_image``.
    """
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    if data.startswith(SIGNATURE):
        parts = split_png(data)
        _check_png_length(parts, len(data), name, max_pixels)
        return _decode_png(parts, name, max_pixels)
    if is_tiff(data):
        return _decode_tiff(data, name, max_pixels)
    try:
        return normalise(open_image(data, name, max_pixels))
    except ImageError:
        picture = decode_without_end(data, name, max_pixels) if lacks_end(data) else None
        if picture is None:
            raise
        notice = "its file lacks the end, but no pixel is missing"
        return normalise(picture).with_notice(notice)


def _check_png_length(parts: PngParts, length: int, name: str, max_pixels: int) -> None:
    """Refuse a PNG with fewer data than its size needs; Pillow would leave the rest black."""
    if len(parts.data) < 33:  # signature and header; Pillow refuses it
        return
    width, height = struct.unpack_from(">II", parts.data, 16)
    if width * height > max_pixels:
        raise too_large_error(name, max_pixels)
    channels = _CHANNELS.get(parts.colour_type, 1)
    if width * height * channels * parts.bits / 8 > _MAX_DEFLATE_RATIO * length:
        raise ImageError(
            f"{name} is damaged or truncated ({length} bytes for {width}×{height} pixels)"
        )


def _decode_png(parts: PngParts, name: str, max_pixels: int) -> UprightImage:
    if parts.bits == 16:
        return normalise_samples(_decode_deep_png(parts, name, max_pixels))
    picture = open_image(parts.data, name, max_pixels)
    picture.info.update(parts.info)
    key = picture.info.get("transparency")
    if picture.mode == "L" and isinstance(key, int):
        picture.info["transparency"] = key * GREY_STEPS.get(f"L;{parts.bits}", 1)
    return normalise(picture)


def _decode_deep_png(parts: PngParts, name: str, max_pixels: int) -> Samples:
    """Decode a PNG of 16 bits, of which Pillow keeps the upper 8 only if it has colours."""
    layouts = _DEEP_LAYOUTS.get(parts.colour_type, (None,))
    # H×W×C bytes each, or H×W uint16 for grey
    arrays = [
        np.asarray(open_image(parts.data, name, max_pixels, layout=layout)) for layout in layouts
    ]
    array: Array = arrays[0].astype(np.uint16)
    if parts.colour_type == _GREY_WITH_ALPHA:
        array = array[..., ::2] * 256 + array[..., 1::2]
    elif len(arrays) == 2:
        array = array * 256 + arrays[1]
    if array.ndim == 2:
        array = array[..., None]
    channels = 3 if array.shape[-1] > 2 else 1
    colour, alpha = array[..., :channels], None
    if array.shape[-1] > channels:
        alpha = array[..., channels]
    elif len(parts.key) == 2 * channels:
        key = np.frombuffer(parts.key, ">u2")
        alpha = np.where((colour == key).all(-1), 0, 65_535).astype(np.uint16)
    return Samples(
        colour,
        16,
        alpha,
        profile=parts.info.get("icc_profile") or b"",
        orientation=find_orientation(parts.info),
    )


def _decode_tiff(data: bytes, name: str, max_pixels: int) -> UprightImage:
    """Decode a TIFF with Pillow if it is plain, else with tifffile."""
    try:
        picture: Any = open_image(data, name, max_pixels)
    except ImageError as error:
        try:
            return normalise_samples(read_tiff(data, name, max_pixels=max_pixels))
        except ImageError as reason:
            raise (reason if isinstance(error, UnidentifiedError) else error) from error
    tags = picture.tag_v2
    planes = tags.get(PLANAR_CONFIGURATION) == _SEPARATE and len(picture.getbands()) != 3
    plain = not planes and (
        max(tags.get(BITSPERSAMPLE, (1,))) <= 8
        and set(tags.get(SAMPLEFORMAT, (_UNSIGNED,))) == {_UNSIGNED}
        and tags.get(PHOTOMETRIC_INTERPRETATION) not in _LAB
    )
    if plain:
        return normalise(picture)
    return normalise_samples(read_tiff(data, name, max_pixels=max_pixels))
