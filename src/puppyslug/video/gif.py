"""Writes animated GIFs (Pillow)."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from puppyslug.video.frames import TimedFrame

GIF_COLOURS = 256
MIN_OPACITY = 128  # pixels are opaque from here on
CLEAR_FRAME = 2  # disposal method: each frame replaces the one before it


def write_gif(path: Path, frames: Iterable[TimedFrame], fps: Fraction) -> bool:
    """Write an animated GIF.

    Args:
        path: the file.
        frames: all of one size; those with alpha are transparent where it is below one half.
        fps: frames per second, for the duration of the last frame if it has none.

    Returns:
        False if there are no frames; then nothing is written.
    """
    pictures: list[Image.Image] = []
    times: list[int] = []  # hundredths of a second, the unit of GIF
    last = 1 / fps
    transparency: dict[str, int] = {}
    for frame in frames:
        if frame.alpha is not None:
            transparency = {"transparency": GIF_COLOURS - 1, "disposal": CLEAR_FRAME}
        pictures.append(_quantize(frame))
        times.append(round(frame.time * 100))
        last = frame.duration or 1 / fps
    if not pictures:
        return False
    times.append(times[-1] + round(100 * last))
    durations = [max(2, end - start) * 10 for start, end in pairwise(times)]
    pictures[0].save(
        path,
        "GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
        optimize=False,
        **transparency,
    )
    return True


def _quantize(frame: TimedFrame) -> Image.Image:
    """Convert a frame to a palette, whose last colour is transparent if the frame has alpha."""
    picture = Image.fromarray(frame.pixels)
    if frame.alpha is None:
        return picture.quantize(GIF_COLOURS, Image.Quantize.MEDIANCUT)
    quantized = picture.quantize(GIF_COLOURS - 1, Image.Quantize.MEDIANCUT)
    indices = np.where(frame.alpha < MIN_OPACITY, GIF_COLOURS - 1, np.asarray(quantized))
    result = Image.fromarray(indices.astype(np.uint8), "P")
    colours = (quantized.getpalette() or [])[: 3 * (GIF_COLOURS - 1)]
    result.putpalette(colours + [0] * (3 * GIF_COLOURS - len(colours)))
    result.info["transparency"] = GIF_COLOURS - 1
    return result
