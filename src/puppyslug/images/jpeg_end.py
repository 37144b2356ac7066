"""JPEG files whose end is cut off, but that contain every pixel.

Interrupted downloads can lose the last bytes, which only mark the end. Whether more is missing is
tested by appending different bytes: if none of them changes a pixel, none is missing.
"""

import re
import struct

from PIL import Image

from puppyslug.errors import ImageError
from puppyslug.images.pillow_decoder import open_image

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_TAILS = (b"\0" * 64, b"\x55\xa6\x3b\x91\xd2\x4c\x78\xe5" * 8)
_FRAME_HEADERS = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC)))
_SCAN_HEADER = 0xDA
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_COEFFICIENTS = 64


def lacks_end(data: bytes) -> bool:
    """Return whether data are a JPEG without the marker at its end."""
    return data.startswith(_START) and not data.endswith(_END)


def decode_without_end(data: bytes, name: str, max_pixels: int) -> Image.Image | None:
    """Decode a JPEG that lacks its end.

    Args:
        data: content of the file.
        name: name of the file, for error messages.
        max_pixels: maximum number of pixels.

    Returns:
        The image; None if pixels are missing, or the file is damaged in another way.
    """
    data = data.removesuffix(b"\xff")  # the first half of the marker
    if not _has_all_scans(data):
        return None
    try:
        picture = open_image(data + _END, name, max_pixels)
        content = picture.tobytes()
        for tail in _TAILS:
            if open_image(data + tail + _END, name, max_pixels).tobytes() != content:
                return None
    except ImageError:
        return None
    return picture


def _has_all_scans(data: bytes) -> bool:
    """Return whether the scans together contain all coefficients at full precision."""
    missing: dict[int, set[int]] = {}
    position = 2
    while match := _NEXT_MARKER.search(data, position):
        marker, start = match[0][-1], match.end()
        length = int.from_bytes(data[start : start + 2], "big")
        content = data[start + 2 : start + length]
        if marker in _FRAME_HEADERS and len(content) >= 6:
            count = content[5]
            missing = {
                number: set(range(_COEFFICIENTS)) for number in content[6 : 6 + 3 * count : 3]
            }
        elif marker == _SCAN_HEADER and content and len(content) >= 4 + 2 * content[0]:
            components = content[1 : 1 + 2 * content[0] : 2]
            first, last, precision = struct.unpack_from("BBB", content, 1 + 2 * content[0])
            if precision & 15 == 0:
                for number in components:
                    missing.get(number, set()).difference_update(range(first, last + 1))
        position = start + max(length, 0)
    return bool(missing) and not any(missing.values())
