"""Names of media files for FFmpeg."""

from pathlib import Path


def media_url(path: Path) -> str:
    """Return the URL by which FFmpeg opens a file; it takes ``a:b.mp4`` for a protocol ``a``."""
    return f"file:{path}"
