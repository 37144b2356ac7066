"""Time-lapse video of a dream in progress."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from puppyslug.engine.progress import DreamStep
from puppyslug.recipe.defaults import TIMELAPSE_FPS
from puppyslug.video.frames import FloatArray, Pixels, TimedFrame, as_array, to_pixels
from puppyslug.video.writer import write_video

FPS = Fraction(TIMELAPSE_FPS)
MAX_SIDE = 1280  # pixels
MAX_FRAMES = 600  # longer dreams skip steps
END_FRAMES = 12  # repetitions of the last frame at the end


class TimeLapse:
    """Collects the steps of a dream, and writes them as a video.

    Attributes:
        path: path of the video.
    """

    def __init__(self, path: Path) -> None:
        """Record a time-lapse for the video file ``path``."""
        self.path = path
        self._frames: list[Pixels] = []

    def add(self, step: DreamStep) -> None:
        """Record a step, unless it is skipped to keep the video short."""
        interval = -(-step.octaves * step.steps // MAX_FRAMES)
        if not self._frames:
            self._frames.append(_to_frame(as_array(step.start)))
        if step.number % interval == 0 or step.number == step.octaves * step.steps:
            self._frames.append(_to_frame(as_array(step.picture())))

    def save(self, comment: str, path: Path | None = None) -> Path:
        """Write the video.

        Args:
            comment: text to embed in the file, such as the recipe.
            path: another path, if the video's own cannot be written.

        Returns:
            The path of the video.

        Raises:
            OutputError: the video cannot be written.
        """
        path = path or self.path
        write_video(path, self._timed_frames(), fps=FPS, comment=comment)
        return path

    def _timed_frames(self) -> Iterator[TimedFrame]:
        frames = [*self._frames, *[self._frames[-1]] * END_FRAMES]
        for number, pixels in enumerate(frames):
            yield TimedFrame(number / FPS, pixels)


def _to_frame(array: FloatArray) -> Pixels:
    """Convert a picture to bytes, scaled down to ``MAX_SIDE``."""
    height, width = array.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.float32)
    return to_pixels(array)
