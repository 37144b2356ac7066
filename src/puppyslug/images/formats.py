"""Image formats that may be read: those with well-maintained decoders that run no programs."""

from PIL import Image

_SAFE_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"GIF8": "GIF",
    b"BM": "BMP",
}


def readable_formats() -> list[str]:
    """Return Pillow's names of the safe formats that the installed Pillow can decode."""
    Image.init()
    return [name for name in _SAFE_FORMATS if name in Image.OPEN]


def format_of_signature(data: bytes) -> str | None:
    """Return the supported format that data begin as, or None."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((name for start, name in _SIGNATURES.items() if data.startswith(start)), None)
