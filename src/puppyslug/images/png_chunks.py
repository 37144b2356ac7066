"""The chunks of a PNG file: those that decoding needs, its colour profile, and single texts.

Pillow refuses files with large text or profile chunks, which are sound, and decompresses all texts.
Here, only what is needed is decompressed, within a limit.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE = 16_000_000  # bytes; profiles with large tables have about 3 MB
MAX_TEXT = 1_000_000  # bytes
_CRITICAL = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))
_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_ORIENTATION_TEXTS = frozenset((b"XML:com.adobe.xmp", b"Raw profile type exif"))


class PngParts(NamedTuple):
    """What decoding needs of a PNG file.

    Attributes:
        data: a PNG file without the other chunks; with 16 bits, also without tRNS.
        bits: bits per channel.
        colour_type: 0 for grey, 2 for RGB, 3 for a palette; plus 4 with an alpha channel.
        key: value of the tRNS chunk: the transparent colour, or the alpha values of a palette.
        info: the ICC profile and what can hold the orientation, by Pillow's keys.
    """

    data: bytes
    bits: int
    colour_type: int
    key: bytes
    info: dict[str | tuple[int, int], Any]


def split_png(data: bytes) -> PngParts:
    """Split a PNG file; of an animation, only the still image remains.

    Args:
        data: content of the file.
    """
    kept = [SIGNATURE]
    bits, colour_type, key = 8, 0, b""
    info: dict[str | tuple[int, int], Any] = {}
    for kind, content, chunk in _chunks(data):
        if kind in _CRITICAL:
            kept.append(chunk)
            if kind == b"IHDR" and len(content) > 9:
                bits, colour_type = content[8:10]
        elif kind == b"tRNS" and not key and _is_intact(chunk):
            key = content
            if bits < 16:  # else Pillow would not split it off in the right depth
                kept.append(chunk)
        elif kind == b"eXIf":
            info.setdefault("exif", content)
        elif kind == b"iCCP" and "icc_profile" not in info:
            profile = _inflate(content.partition(b"\0")[2][1:], MAX_PROFILE)
            info["icc_profile"] = profile or b""
        elif kind in _TEXTS:
            name = content.partition(b"\0")[0]
            if name in _ORIENTATION_TEXTS and name.decode() not in info:
                info[name.decode()] = _decode_text(kind, content) or ""
    return PngParts(b"".join(kept), bits, colour_type, key, info)


def _is_intact(chunk: bytes) -> bool:
    """Return whether the checksum of a chunk is correct."""
    return zlib.crc32(chunk[4:-4]).to_bytes(4, "big") == chunk[-4:]


def find_text(data: bytes, key: str) -> str | None:
    """Find a text in a PNG file.

    Args:
        data: content of the file.
        key: its keyword.

    Returns:
        The text; None if there is none, or it is damaged or has more than ``MAX_TEXT`` bytes.
    """
    for kind, content, _ in _chunks(data):
        if kind in _TEXTS and content.startswith(key.encode() + b"\0"):
            return _decode_text(kind, content)
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the type, the content and the whole of every chunk; the last can be truncated."""
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        chunk = data[position : position + length + 12]
        yield kind, chunk[8 : length + 8], chunk
        position += length + 12
        if kind == b"IEND":
            return


def _decode_text(kind: bytes, content: bytes) -> str | None:
    """Decode a text chunk; None if it is damaged or too large."""
    value: bytes | None = content.partition(b"\0")[2]
    assert value is not None
    encoding = "latin-1"
    if kind == b"zTXt":
        value = _inflate(value[1:], MAX_TEXT)
    elif kind == b"iTXt":
        encoding = "utf-8"
        compressed = value[:1] == b"\1"
        value = value[2:].partition(b"\0")[2].partition(b"\0")[2]  # after language and translation
        if compressed:
            value = _inflate(value, MAX_TEXT)
    if value is None or len(value) > MAX_TEXT:
        return None
    return value.decode(encoding, "replace")


def _inflate(data: bytes, limit: int) -> bytes | None:
    """Decompress; None if the data are damaged or have more bytes than the limit."""
    decompressor = zlib.decompressobj()
    try:
        content = decompressor.decompress(data, limit)
    except zlib.error:
        return None
    return content if decompressor.eof else None
