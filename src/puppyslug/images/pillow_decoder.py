"""Decode image files with Pillow; every error of its decoders becomes an ``ImageError``."""

import io
import warnings
from typing import Any

from PIL import Image, UnidentifiedImageError

from puppyslug.errors import ImageError
from puppyslug.images.formats import format_of_signature, readable_formats

_FORMAT_NAMES = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or, with pillow-heif, HEIC"
# Pixels that one byte of a file can stand for, by format, and by compression of TIFF; a file that
# claims more would fill the memory before it turns out to be damaged. A JPEG has at least one bit
# for every 8×8 block.
_MAX_PIXELS_PER_BYTE = {
    "JPEG": 512,
    "MPO": 512,
    "BMP": 512,  # with run lengths
    "raw": 8,
    "packbits": 512,
    "tiff_lzw": 8 * 2731,
    "tiff_adobe_deflate": 8 * 1032,
    "tiff_deflate": 8 * 1032,
}
# Factors with which Pillow scales grey levels of 2 and 4 bits in PNG, but not the transparent one
GREY_STEPS = {"L;2": 85, "L;4": 17}
_LARGE = 1 << 24  # pixels


class UnidentifiedError(ImageError):
    """The content is in no format that Pillow reads."""


def open_image(
    data: bytes, name: str, max_pixels: int, *, layout: tuple[str, str] | None = None
) -> Image.Image:
    """Decode an image; of an animation, the first frame.

    Args:
        data: content of the file.
        name: name of the file, for error messages.
        max_pixels: maximum number of pixels, checked before decoding.
        layout: Pillow's mode and raw mode to decode to, in place of those of the file.

    Returns:
        The image in its own mode, as it is stored.

    Raises:
        UnidentifiedError: the content is in no supported format.
        ImageError: the image is damaged, truncated or too large.
    """
    # Pillow warns about images above half its limit and about odd but harmless metadata
    with warnings.catch_warnings(action="ignore"):
        try:
            picture: Image.Image = Image.open(io.BytesIO(data), formats=readable_formats())
            _check_pixels(picture, len(data), name, max_pixels)
            if layout is not None:
                _set_layout(picture, *layout)
            picture.load()
        except ImageError:
            raise
        except UnidentifiedImageError as error:
            raise UnidentifiedError(_unidentified_message(data, name)) from error
        except Image.DecompressionBombError as error:
            raise too_large_error(name, max_pixels) from error
        except Exception as error:  # decoders raise errors of every type for damaged files
            raise damaged_error(name, error) from error
    return picture


def _set_layout(picture: Any, mode: str, raw_mode: str) -> None:
    picture._mode = mode
    picture.tile = [tile._replace(args=raw_mode) for tile in picture.tile]


def load_picture(picture: Image.Image) -> Image.Image:
    """Decode an image in memory that may not be decoded yet.

    Args:
        picture: image, such as ``Image.open`` returns.

    Returns:
        The image; a copy if its transparent colour had to be brought to 8 bits.

    Raises:
        ImageError: the file that it was opened from is damaged.
    """
    tile: Any = getattr(picture, "tile", None)
    mode = str(tile[0][3]) if tile and picture.format == "PNG" else ""  # such as L;4
    name: Any = getattr(picture, "filename", None)
    if tile and picture.format == "TIFF":  # Pillow would turn a file that it maps into memory twice
        picture.filename = ""  # type: ignore[attr-defined]
    with warnings.catch_warnings(action="ignore"):
        try:
            picture.load()
        except Exception as error:  # as in open_image
            raise damaged_error("the image", error) from error
    if tile and picture.format == "TIFF":
        picture.filename = name  # type: ignore[attr-defined]
    key = picture.info.get("transparency")
    step = GREY_STEPS.get(mode)
    if step is not None and isinstance(key, int):
        copy = picture.copy()
        copy.info["transparency"] = key * step
        return copy
    return picture


def damaged_error(name: str, error: Exception) -> ImageError:
    """Return the error for a file that a decoder does not get through."""
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return ImageError(f"{name} is damaged or truncated ({reason})")


def too_large_error(name: str, max_pixels: int) -> ImageError:
    """Return the error for an image with too many pixels."""
    return ImageError(
        f"{name} exceeds the limit of {max_pixels / 1e6:.0f} megapixels; scale it down first"
    )


def _check_pixels(picture: Image.Image, length: int, name: str, max_pixels: int) -> None:
    """Refuse images that are too large, or larger than a file of this length can be."""
    pixels = picture.width * picture.height
    if pixels > max_pixels:
        raise too_large_error(name, max_pixels)
    if pixels == 0:
        raise ImageError(f"{name} is damaged: it has no pixels")
    if picture.mode in {"P", "PA"} and picture.palette is None:
        raise ImageError(f"{name} is damaged: its palette is missing")
    coding = picture.info.get("compression") if picture.format == "TIFF" else picture.format
    if pixels > max(_LARGE, length * _MAX_PIXELS_PER_BYTE.get(str(coding), pixels)):
        raise ImageError(
            f"{name} is damaged or truncated ({length} bytes for {pixels / 1e6:.0f} megapixels)"
        )


def _unidentified_message(data: bytes, name: str) -> str:
    if name.lower().endswith((".heic", ".heif")):
        return f"{name} cannot be read without pillow-heif; run pip install pillow-heif"
    known = format_of_signature(data)
    if known is not None:
        return (
            f"{name} is a {known} file that is damaged or of a kind that is not supported; save it "
            "as a PNG or JPEG with 8 bits per channel"
        )
    return f"{name} is not an image in a supported format ({_FORMAT_NAMES})"
