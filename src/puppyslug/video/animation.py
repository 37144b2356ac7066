"""Reads animated images that FFmpeg cannot read, or not with their transparency (Pillow)."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from puppyslug.errors import VideoError
from puppyslug.video.container import VideoSource
from puppyslug.video.conversion import Picture

MIN_DURATION, DEFAULT_DURATION = 10, 100  # ms; browsers show shorter frames for the default
_HEADER_BYTES = 32
_DECODER_ERRORS = (
    OSError, ValueError, SyntaxError, RuntimeError, EOFError, MemoryError,
    Image.DecompressionBombError,
)  # fmt: skip


class AnimationFrame(NamedTuple):
    """A frame of an animated image; times are in seconds."""

    time: Fraction
    duration: Fraction
    picture: Picture


def open_animation(source: VideoSource) -> Image.Image | None:
    """Open an animated WebP, or an animated AVIF with transparency.

    Returns:
        The image, which the caller closes; None for all other files, which FFmpeg reads.
    """
    name = _format_of(source)
    if name is None or name not in Image.registered_extensions().values():
        return None
    try:
        image = Image.open(source, formats=(name,))
    except _DECODER_ERRORS:
        return None
    if name == "AVIF" and (image.mode != "RGBA" or getattr(image, "n_frames", 1) == 1):
        image.close()
        return None
    return image


def animation_frames(
    image: Image.Image, source: VideoSource, damage: list[str]
) -> Iterator[AnimationFrame]:
    """Decode the frames of an image that ``open_animation`` has opened.

    Args:
        image: the image.
        source: its file, for error messages.
        damage: list to which a reason is appended if the rest of the image cannot be read.

    Raises:
        VideoError: not even the first frame can be read.
    """
    time = Fraction()
    for number in range(getattr(image, "n_frames", 1)):
        try:
            image.seek(number)
            image.load()
            frame = image.convert("RGBA" if image.has_transparency_data else "RGB")
        except _DECODER_ERRORS as error:
            if not number:
                raise VideoError(f"cannot read {source} as a video: {error}") from error
            damage.append(str(error))
            return
        with contextlib.suppress(Exception):  # damaged EXIF data
            frame = ImageOps.exif_transpose(frame)
        pixels = np.asarray(frame)
        alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
        milliseconds = Fraction(image.info.get("duration") or 0)
        if milliseconds <= MIN_DURATION:
            milliseconds = Fraction(DEFAULT_DURATION)
        duration = milliseconds / 1000
        yield AnimationFrame(time, duration, Picture(np.ascontiguousarray(pixels[..., :3]), alpha))
        time += duration


def _format_of(source: VideoSource) -> str | None:
    """Return Pillow's name of a file's format if it is WebP or an AVIF sequence."""
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                header = _read_header(file)
        else:
            header = _read_header(source)
            source.seek(0)
    except OSError:
        return None  # opening it as a video says why
    if header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        return "WEBP"
    return "AVIF" if header[4:12] == b"ftypavis" else None


def _read_header(file: BinaryIO) -> bytes:
    return file.read(_HEADER_BYTES) or b""
