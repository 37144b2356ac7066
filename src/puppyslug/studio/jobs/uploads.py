"""Pictures from outside: sniffed, bounded, decoded once to see that they are whole, then kept."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from puppyslug.errors import ImageError
from puppyslug.images import decode
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.jobs.models import StoredFile

LONGEST_NAME = 100  # letters
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class Upload(NamedTuple):
    """A picture that was sent.

    Attributes:
        name: as the sender calls it, made harmless; never used as a path.
        data: the file's bytes.
        suffix: that fits what it is.
        size: (height, width), upright.
    """

    name: str
    data: bytes
    suffix: str
    size: tuple[int, int]

    def keep(self, folder: Path, role: str) -> StoredFile:
        """Write it into a dream's folder.

        Args:
            folder: of the dream.
            role: its name there, without ending: photo, mask, guide-1.
        """
        file = f"{role}{self.suffix}"
        (folder / file).write_bytes(self.data)
        return StoredFile(file=file, name=self.name, sha256=self.sha256, size=self.size)

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def read_upload(name: str, data: bytes, *, most: int) -> Upload:
    """Look at a picture that was sent.

    Args:
        name: as it was sent; anything at all.
        data: the file's bytes.
        most: pixels that it may have, looked at before it is decoded.

    Raises:
        RefusedError: empty, no picture, damaged, or too large.
    """
    return read_picture(name, data, most=most)[0]


def read_picture(name: str, data: bytes, *, most: int) -> tuple[Upload, Image.Image]:
    """Look at a picture that was sent; see ``read_upload``. Also returns it decoded."""
    name = clean(name)
    if not data:
        raise RefusedError(422, f"{name} is empty (0 bytes)")
    try:
        picture = decode(data, name, most=most)
    except ImageError as error:
        raise RefusedError(422, str(error)) from error
    return Upload(name, data, _suffix(data), (picture.height, picture.width)), picture


def clean(name: str) -> str:
    """A file's name without folders and without what would not show; never empty."""
    name = name.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    name = _CONTROL.sub("", name).strip().strip(".")
    stem, dot, suffix = name.rpartition(".")
    if len(name) > LONGEST_NAME:
        name = (stem or suffix)[: LONGEST_NAME - 10] + (dot + suffix[:9] if stem else "")
    return name.replace('"', "'") or "picture"


def _suffix(data: bytes) -> str:
    """The suffix of a picture's format, by its first bytes."""
    for start, suffix in _STARTS.items():
        if data.startswith(start):
            return suffix
    return ".webp" if data[8:12] == b"WEBP" else ".heic"  # what is left decodes as AVIF or HEIF


_STARTS = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II": ".tif",
    b"MM": ".tif",
}
