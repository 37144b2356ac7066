"""Uploaded pictures: identified by content, limited in size, decoded once, then stored."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from puppyslug.errors import ImageError
from puppyslug.images import decode_image
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import StoredFile

MAX_NAME_LENGTH = 100  # characters
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_SIGNATURES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II": ".tif",
    b"MM": ".tif",
}


class Upload(NamedTuple):
    """An uploaded picture.

    Attributes:
        name: sanitised file name on the user's machine; never used as a path.
        data: bytes of the file.
        suffix: suffix of its actual format.
        size: (height, width) in pixels, upright.
    """

    name: str
    data: bytes
    suffix: str
    size: tuple[int, int]

    @property
    def sha256(self) -> str:
        """SHA-256 hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def save(self, folder: Path, stem: str) -> StoredFile:
        """Write the picture into a job's folder.

        Args:
            folder: an existing folder.
            stem: file name there, without suffix, such as photo, mask or guide-1.
        """
        file = f"{stem}{self.suffix}"
        (folder / file).write_bytes(self.data)
        return StoredFile(file=file, name=self.name, sha256=self.sha256, size=self.size)


def decode_upload(name: str, data: bytes, *, max_pixels: int) -> tuple[Upload, Image.Image]:
    """Validate and decode an uploaded picture.

    Args:
        name: file name that the client sent; untrusted.
        data: bytes of the file.
        max_pixels: maximum number of pixels, checked before decoding.

    Raises:
        HTTPError: the file is empty, not a picture, damaged or too large.
    """
    name = clean_file_name(name)
    if not data:
        raise HTTPError(422, f"{name} is empty (0 bytes); choose another file")
    try:
        picture = decode_image(data, name, max_pixels=max_pixels)
    except ImageError as error:
        raise HTTPError(422, str(error)) from error
    return Upload(name, data, _suffix(data), (picture.height, picture.width)), picture


def clean_file_name(name: str) -> str:
    """Return a file name without folders and control characters; never empty."""
    name = name.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    name = _CONTROL.sub("", name).strip().strip(".")
    stem, dot, suffix = name.rpartition(".")
    if len(name) > MAX_NAME_LENGTH:
        name = (stem or suffix)[: MAX_NAME_LENGTH - 10] + (dot + suffix[:9] if stem else "")
    return name.replace('"', "'") or "picture"


def _suffix(data: bytes) -> str:
    for signature, suffix in _SIGNATURES.items():
        if data.startswith(signature):
            return suffix
    return ".webp" if data[8:12] == b"WEBP" else ".heic"  # other decodable files are AVIF or HEIF
