"""Picture files decoded: sniffed formats only, sizes checked first. Nothing here imports torch."""

import contextlib
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from puppyslug.errors import ImageError
from puppyslug.images.formats import readable_formats

MAX_PIXELS = 178_956_970  # Pillow's own limit, above which it refuses to decode
_READABLE_TEXT = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or, with pillow-heif, HEIC"


def decode(data: bytes, name: str, *, most: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture's bytes; of an animation, the first frame.

    Args:
        data: of the file. What it is decides, not its name.
        name: what to call it in an error.
        most: pixels that it may have; looked at before anything is decoded.

    Returns:
        The picture in its own mode, turned upright; its ``format`` is lost if it was turned.

    Raises:
        ImageError: damaged, cut short, too large, or no picture that can be read.
    """
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    with warnings.catch_warnings():
        # Pillow warns from half its limit on and about odd but harmless metadata
        warnings.simplefilter("ignore")
        try:
            picture: Image.Image = Image.open(io.BytesIO(data), formats=readable_formats())
            if picture.width * picture.height > most:
                raise _too_large(name, most)
            picture.load()
            return ImageOps.exif_transpose(picture)
        except UnidentifiedImageError as error:
            if name.lower().endswith((".heic", ".heif")):
                raise ImageError(
                    f"{name} cannot be read without pillow-heif; pip install pillow-heif"
                ) from error
            raise ImageError(
                f"{name} is not a picture puppyslug can read ({_READABLE_TEXT})"
            ) from error
        except Image.DecompressionBombError as error:
            raise _too_large(name, most) from error
        # RuntimeError is what the decoder of AVIF raises
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ImageError(f"{name} is damaged or cut short ({reason})") from error


def _too_large(name: str, most: int) -> ImageError:
    return ImageError(
        f"{name} has more than {most / 1e6:.0f} megapixels, the limit; scale it down first"
    )
