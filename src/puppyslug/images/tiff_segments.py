"""Decodes the strips and tiles of a TIFF page whose structure tifffile has read.

The segments are decompressed by zlib and libtiff, which are hardened against damaged files, and not
by the codecs that tifffile would use.
"""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from puppyslug.images.samples import Array

NO_COMPRESSION, DEFLATE, LZW, PACKBITS, ZSTD = 1, (8, 32946), 5, 32773, 50000
COMPRESSIONS = frozenset((NO_COMPRESSION, *DEFLATE, LZW, PACKBITS, ZSTD))
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3  # predictors
_SEPARATE = 2  # planar configuration


def decode_page(page: Any, data: bytes) -> Array:
    """Decode the samples of a page.

    Args:
        page: a ``tifffile.TiffPage`` with a compression of ``COMPRESSIONS``.
        data: content of the file.

    Returns:
        H×W×C in the page's type.

    Raises:
        ValueError: data are missing or damaged.
    """
    planes = page.samplesperpixel if page.planarconfig == _SEPARATE else 1
    channels = 1 if planes > 1 else page.samplesperpixel
    height, width = page.imagelength, page.imagewidth
    if page.is_tiled:
        rows, columns = page.tilelength, page.tilewidth
    else:
        rows, columns = min(page.rowsperstrip or height, height), width
    across, down = -(-width // columns), -(-height // rows)
    count = across * down * planes
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))[:count]
    if len(segments) < count or any(
        length <= 0 or start + length > len(data) for start, length in segments
    ):
        raise ValueError("image data are missing")
    result = np.empty((planes, height, width, channels), page.dtype)
    for index, (start, length) in enumerate(segments):
        plane, place = divmod(index, across * down)
        top, left = place // across * rows, place % across * columns
        # strips end with the image; tiles are always whole
        depth = rows if page.is_tiled else min(rows, height - top)
        decoded = _decode_segment(page, data[start : start + length], (depth, columns, channels))
        target = result[plane, top : top + rows, left : left + columns]
        target[:] = decoded[: target.shape[0], : target.shape[1]]
    return result[0] if planes == 1 else np.moveaxis(result[..., 0], 0, -1)


def _decode_segment(page: Any, content: bytes, shape: tuple[int, int, int]) -> Array:
    """Decode one strip or tile into an array of a shape."""
    rows, columns, channels = shape
    row_bytes = -(-columns * channels * page.bitspersample // 8)
    raw = _decompress(content, int(page.compression), rows, row_bytes)
    if len(raw) < rows * row_bytes:
        raise ValueError("image data are missing")
    table = np.frombuffer(raw, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    if page.predictor == _FLOAT_DIFFERENCES:
        return _restore_floats(table, shape, page.bitspersample // 8)
    if page.bitspersample not in (8, 16, 32, 64):
        return _unpack_bits(table, columns * channels, page.bitspersample).reshape(shape)
    order = page.parent.byteorder
    kind = "u" if page.predictor == _DIFFERENCES else page.dtype.kind
    values = table.view(f"{order}{kind}{page.bitspersample // 8}").reshape(shape)
    values = values.astype(values.dtype.newbyteorder("="))
    if page.predictor == _DIFFERENCES:
        values = np.cumsum(values, axis=1, dtype=values.dtype).view(page.dtype.newbyteorder("="))
    return values


def _decompress(content: bytes, compression: int, rows: int, row_bytes: int) -> bytes:
    if compression == NO_COMPRESSION:
        return content
    if compression in DEFLATE:
        try:
            return zlib.decompressobj().decompress(content, rows * row_bytes)
        except zlib.error as error:
            raise ValueError(str(error)) from error
    # Wrapped as a picture of bytes, of which Pillow's libtiff decodes the one strip.
    tags = (
        (256, row_bytes), (257, rows), (258, 8), (259, compression), (262, 1),
        (273, 8 + 2 + 9 * 12 + 4), (277, 1), (278, rows), (279, len(content)),
    )  # fmt: skip
    directory = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in tags)
    file = b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + bytes(4) + content
    with Image.open(io.BytesIO(file), formats=["TIFF"]) as picture:
        return picture.tobytes()


def _restore_floats(table: Array, shape: tuple[int, int, int], size: int) -> Array:
    """Undo the predictor of floats (Adobe Photoshop TIFF Technical Note 3)."""
    rows, columns, channels = shape
    sums = np.cumsum(table.reshape(rows, -1, channels), axis=1, dtype=np.uint8)
    planes = sums.reshape(rows, size, columns * channels)  # the highest bytes of all numbers first
    floats = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f">f{size}")
    return floats.reshape(shape)


def _unpack_bits(table: Array, count: int, bits: int) -> Array:
    """Unpack integers of up to 16 bits, highest bit first."""
    result = np.zeros((len(table), count), np.uint16)
    for row, packed in enumerate(table):
        unpacked = np.unpackbits(packed)[: count * bits].reshape(count, bits)
        result[row] = unpacked @ (1 << np.arange(bits)[::-1])
    return result
