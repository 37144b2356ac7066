"""Image files built byte by byte, or from definitions, so that they are known independently."""

import struct
import zlib

import numpy as np

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # of PNG, by the number of channels


def png_chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def repair_png(data: bytes) -> bytes:
    """Correct the checksums of a PNG; return other data as they are."""
    if not data.startswith(PNG_SIGNATURE):
        return data
    result, position = PNG_SIGNATURE, len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        result += png_chunk(kind, data[position + 8 : position + 8 + length])
        position += 12 + length
    return result


def deep_png(levels, bits, *, key=None, profile=None, extra=()) -> bytes:
    """Encode H×W×C levels as a PNG of any depth.

    Args:
        levels: integers of 0 to 2^bits - 1.
        bits: 1, 2, 4, 8 or 16.
        key: the transparent colour, C levels.
        profile: an ICC profile.
        extra: further chunks, complete, that follow the header.
    """
    height, width, channels = levels.shape
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOUR_TYPES[channels], 0, 0, 0)
    rows = []
    for row in np.asarray(levels).astype(int):
        if bits < 8:
            line = "".join(format(value, f"0{bits}b") for value in row[:, 0])
            line = line.ljust(-(-len(line) // 8) * 8, "0")
            rows.append(int(line, 2).to_bytes(len(line) // 8, "big"))
        else:
            rows.append(row.astype(f">u{bits // 8}").tobytes())
    chunks = [png_chunk(b"IHDR", header), *extra]
    if profile is not None:
        chunks.append(png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile)))
    if key is not None:
        chunks.append(png_chunk(b"tRNS", np.asarray(key).astype(">u2").tobytes()))
    chunks.append(png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))))
    return PNG_SIGNATURE + b"".join([*chunks, png_chunk(b"IEND", b"")])


def linear_profile(kind: str) -> bytes:
    """Build an ICC profile of version 2 with a linear response; of sRGB's primaries if ``rgb``."""
    curve = b"curv" + bytes(4) + struct.pack(">I", 0)

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    tags = {b"wtpt": xyz(0.9642, 1.0, 0.8249)}
    if kind == "grey":
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
        tags[b"rXYZ"] = xyz(0.43607, 0.22249, 0.01392)
        tags[b"gXYZ"] = xyz(0.38515, 0.71687, 0.09708)
        tags[b"bXYZ"] = xyz(0.14307, 0.06061, 0.7141)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    space = b"GRAY" if kind == "grey" else b"RGB "
    size = struct.pack(">I", 128 + len(table) + len(data))
    header = size + bytes(4) + b"\2\x10\0\0" + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + data


def store_turned(upright, orientation):
    """Return H×W×… pixels as a camera stores them under an EXIF orientation (EXIF 2.3, table 4)."""
    if orientation in (5, 6, 7, 8):  # the stored rows are the columns of the scene
        upright = np.swapaxes(upright, 0, 1)
    if orientation in (3, 4, 6, 7):  # the first row is the scene's bottom or right
        upright = upright[::-1]
    if orientation in (2, 3, 7, 8):  # the first column is the scene's right or bottom
        upright = upright[:, ::-1]
    return np.ascontiguousarray(upright)
