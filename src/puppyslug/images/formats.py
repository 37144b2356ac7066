"""Which formats are read: the well-kept decoders of pictures, none that runs programs."""

from PIL import Image

_WELL_KEPT = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")


def readable_formats() -> list[str]:
    """Pillow's names of the formats that are read and that this Pillow has."""
    Image.init()
    return [name for name in _WELL_KEPT if name in Image.OPEN]
