"""Decode image files, of safe formats only and after a check of their size. Torch-free."""

import contextlib
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from puppyslug.errors import ImageError
from puppyslug.images.formats import readable_formats

MAX_PIXELS = 178_956_970  # Pillow's own limit, above which it refuses to decode
_FORMAT_NAMES = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or, with pillow-heif, HEIC"


def decode_image(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode the bytes of an image file; of an animation, the first frame.

    Args:
        data: content of the file; its format is detected from the content, not from the name.
        name: name of the file, for error messages.
        max_pixels: maximum number of pixels, checked before decoding.

    Returns:
        The image in its own mode, with the EXIF orientation applied; its ``format`` is None if it
        was rotated.

    Raises:
        ImageError: the image is damaged, truncated, too large, or of an unsupported format.
    """
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    with warnings.catch_warnings():
        # Pillow warns about images above half its limit and about odd but harmless metadata
        warnings.simplefilter("ignore")
        try:
            picture: Image.Image = Image.open(io.BytesIO(data), formats=readable_formats())
            if picture.width * picture.height > max_pixels:
                raise _too_large_error(name, max_pixels)
            picture.load()
            return ImageOps.exif_transpose(picture)
        except UnidentifiedImageError as error:
            if name.lower().endswith((".heic", ".heif")):
                raise ImageError(
                    f"{name} cannot be read without pillow-heif; run pip install pillow-heif"
                ) from error
            raise ImageError(
                f"{name} is not an image in a supported format ({_FORMAT_NAMES})"
            ) from error
        except Image.DecompressionBombError as error:
            raise _too_large_error(name, max_pixels) from error
        # the AVIF decoder raises RuntimeError
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ImageError(f"{name} is damaged or truncated ({reason})") from error


def _too_large_error(name: str, max_pixels: int) -> ImageError:
    return ImageError(
        f"{name} exceeds the limit of {max_pixels / 1e6:.0f} megapixels; scale it down first"
    )
