"""Small images and image files for tests."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def gradient_image(width: int = 31, height: int = 20) -> Image.Image:
    """An RGB image whose pixels all differ from their neighbours."""
    rows, columns = np.mgrid[0:height, 0:width]
    values = np.stack([columns * 8 % 256, rows * 12 % 256, (rows + columns) * 5 % 256], -1)
    return Image.fromarray(values.astype(np.uint8))


def png_with_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size; its pixels are missing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def truncated_jpeg() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 50).convert("RGB").save(file, "JPEG")
    return file.getvalue()[: file.tell() // 2]
