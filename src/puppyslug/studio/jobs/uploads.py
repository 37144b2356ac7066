"""Uploaded pictures: identified by content, limited in size, decoded once, then stored."""

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from puppyslug.images import decode_image, fit_size
from puppyslug.studio.jobs.models import StoredFile

MAX_NAME_LENGTH = 100  # characters
THUMBNAIL_SIZE = 240  # pixels, longest side
# control characters, and those that change the direction of the text around them
INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_SIGNATURES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II": ".tif",
    b"MM": ".tif",
}


@dataclass(frozen=True)
class PictureInfo:
    """What the server needs to know about a picture.

    Attributes:
        suffix: suffix of its actual format.
        size: (height, width) in pixels, upright.
        thumbnail: a small JPEG of it, on white where it is transparent.
    """

    suffix: str
    size: tuple[int, int]
    thumbnail: bytes


class Upload(NamedTuple):
    """An uploaded picture.

    Attributes:
        name: sanitised file name on the user's machine; never used as a path.
        data: bytes of the file.
        suffix: suffix of its actual format.
        size: (height, width) in pixels, upright.
        thumbnail: a small JPEG of it.
    """

    name: str
    data: bytes
    suffix: str
    size: tuple[int, int]
    thumbnail: bytes

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


def inspect_picture(name: str, data: bytes, *, max_pixels: int) -> PictureInfo:
    """Decode a picture; the server does so in the sandbox only.

    Args:
        name: name of the file, for error messages.
        data: bytes of the file.
        max_pixels: maximum number of pixels, checked before decoding.

    Raises:
        ImageError: not a picture, damaged or too large.
    """
    picture = decode_image(data, name, max_pixels=max_pixels)
    return PictureInfo(_suffix(data), (picture.height, picture.width), _thumbnail(picture))


def clean_file_name(name: str) -> str:
    """Return a file name without folders and control characters; never empty."""
    name = name.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    name = INVISIBLE.sub("", name).strip().strip(".")
    stem, dot, suffix = name.rpartition(".")
    if len(name) > MAX_NAME_LENGTH:
        name = (stem or suffix)[: MAX_NAME_LENGTH - 10] + (dot + suffix[:9] if stem else "")
    return name.replace('"', "'") or "picture"


def _suffix(data: bytes) -> str:
    for signature, suffix in _SIGNATURES.items():
        if data.startswith(signature):
            return suffix
    return ".webp" if data[8:12] == b"WEBP" else ".heic"  # other decodable files are AVIF or HEIF


def _thumbnail(picture: Image.Image) -> bytes:
    """Return a small JPEG; transparency becomes white."""
    rgba = _small_rgba(picture)
    background = Image.new("RGB", rgba.size, "white")
    background.paste(rgba, mask=rgba)
    data = io.BytesIO()
    background.save(data, "JPEG", quality=82)
    return data.getvalue()


def _small_rgba(picture: Image.Image) -> Image.Image:
    """Scale a picture of any mode down to a thumbnail of mode RGBA."""
    height, width = fit_size((picture.height, picture.width), THUMBNAIL_SIZE)
    if picture.mode in {"I", "F"} or picture.mode.startswith("I;16"):
        values = np.asarray(picture.resize((width, height), Image.Resampling.NEAREST), np.float64)
        values = np.nan_to_num(values, posinf=0, neginf=0)
        highest = 65_535 if picture.mode.startswith("I;16") else max(values.max(initial=0), 1e-9)
        grey = (values * (255 / highest)).clip(0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGBA")
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE))
    if small.mode == "LAB":
        return small.getchannel(0).convert("RGBA")  # its lightness
    return small.convert("RGBA" if small.has_transparency_data else "RGB").convert("RGBA")
