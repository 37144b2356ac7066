"""EXIF: single tags, read without trusting the rest of it.

Cameras and editors write tags of wrong types, and Pillow decodes all tags when one is asked for.
Here, only the requested tag is decoded, so all others may be damaged.
"""

import re
import struct
from collections.abc import Mapping
from typing import NamedTuple

ORIENTATION = 0x0112
IMAGE_DESCRIPTION = 0x010E
USER_COMMENT = 0x9286
EXIF_DIRECTORY = 0x8769
_PREFIX = b"Exif\0\0"
_MAX_ENTRIES = 4096
# Bytes per value and struct format by type; formats of None are read as bytes
_TYPES: dict[int, tuple[int, str | None]] = {
    1: (1, "B"), 2: (1, None), 3: (2, "H"), 4: (4, "I"), 5: (8, "II"), 6: (1, "b"), 7: (1, None),
    8: (2, "h"), 9: (4, "i"), 10: (8, "ii"), 11: (4, "f"), 12: (8, "d"), 13: (4, "I"),
}  # fmt: skip
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])\b")


class Tag(NamedTuple):
    """A tag as it is stored.

    Attributes:
        kind: EXIF's number of its type, such as 3 for SHORT.
        data: its bytes.
        order: byte order as in ``struct``, ``"<"`` or ``">"``.
    """

    kind: int
    data: bytes
    order: str

    def number(self) -> float | None:
        """Return the first value as a number, whatever its type; None if it is none."""
        size, format_ = _TYPES[self.kind]
        if format_ is None:
            text = self.data.rstrip(b"\0 ").strip()
            if text.isdigit():
                return int(text) if len(text) < 6 else None
            # UNDEFINED: one byte, or a SHORT of the wrong type
            return int.from_bytes(text, "big") if len(text) == 1 else None
        if len(self.data) < size:
            return None
        values = struct.unpack_from(self.order + format_, self.data)
        if len(values) == 2:
            return values[0] / values[1] if values[1] else None
        return float(values[0])


def find_tag(exif: bytes, number: int, directory: int | None = None) -> Tag | None:
    """Find a tag in EXIF data or at the start of a TIFF file.

    Args:
        exif: the data, with or without the prefix ``Exif``.
        number: number of the tag.
        directory: number of the tag that points to its directory; None for the first directory.

    Returns:
        The tag; None if it is absent, or the data are damaged.
    """
    exif = exif.removeprefix(_PREFIX)
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return None
    (offset,) = struct.unpack_from(order + "I", exif, 4)
    if directory is not None:
        pointer = _find_in_directory(exif, order, offset, directory)
        start = None if pointer is None else pointer.number()
        if start is None or start < 0:
            return None
        offset = int(start)
    return _find_in_directory(exif, order, offset, number)


def find_orientation(info: Mapping[str | tuple[int, int], object], tiff: bytes = b"") -> int:
    """Find the EXIF orientation of an image.

    Args:
        info: ``info`` of the Pillow image, with its EXIF and XMP data.
        tiff: the file, if it is a TIFF.

    Returns:
        1 to 8; 1 if there is none, or it is invalid.
    """
    exif = info.get("exif") or _decode_text_profile(info.get("Raw profile type exif")) or tiff
    if isinstance(exif, bytes):
        tag = find_tag(exif, ORIENTATION)
        value = None if tag is None else tag.number()
        if value is not None and value in range(1, 9):
            return int(value)
        if tag is not None:
            return 1
    for key in ("XML:com.adobe.xmp", "xmp"):
        xmp = info.get(key)
        data = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
        if isinstance(data, bytes) and (match := _XMP_ORIENTATION.search(data)):
            return int(match[1])
    return 1


def _find_in_directory(exif: bytes, order: str, offset: int, number: int) -> Tag | None:
    if offset + 2 > len(exif):
        return None
    (count,) = struct.unpack_from(order + "H", exif, offset)
    for index in range(min(count, _MAX_ENTRIES)):
        entry = offset + 2 + 12 * index
        if entry + 12 > len(exif):
            return None
        found, kind, length = struct.unpack_from(order + "HHI", exif, entry)
        if found == number and kind in _TYPES:
            size = _TYPES[kind][0] * length
            start = entry + 8
            if size > 4:
                (start,) = struct.unpack_from(order + "I", exif, start)
            return Tag(kind, exif[start : start + size], order)
    return None


def _decode_text_profile(text: object) -> bytes:
    """Decode the EXIF data that ImageMagick writes into a text chunk of a PNG."""
    if not isinstance(text, str):
        return b""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return b""
