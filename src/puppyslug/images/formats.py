"""Image formats that may be read: those with well-maintained decoders that run no programs."""

from PIL import Image

_SAFE_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")


def readable_formats() -> list[str]:
    """Return Pillow's names of the safe formats that the installed Pillow can decode."""
    Image.init()
    return [name for name in _SAFE_FORMATS if name in Image.OPEN]
