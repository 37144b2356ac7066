"""Time-lapse video of a dream in progress."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from puppyslug.engine.progress import DreamStep
from puppyslug.recipe.defaults import FILM_QUALITY, TIMELAPSE_FPS
from puppyslug.video.assembly import FilmLayout, check_encoding
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

    def check(self, size: tuple[int, int], comment: str) -> None:
        """Check that the video can be written, before the dream.

        Args:
            size: (height, width) of the dream.
            comment: text to embed in the file.

        Raises:
            OutputError: the video cannot be written.
        """
        layout = FilmLayout(FPS)
        check_encoding(self.path, _frame_size(size), layout, comment=comment, quality=FILM_QUALITY)

    def add(self, step: DreamStep) -> None:
        """Record a step, unless it is skipped to keep the video short."""
        interval = -(-step.octaves * step.steps // MAX_FRAMES)
        if not self._frames:
            self._frames.append(_to_frame(as_array(step.start)))
        if step.number % interval == 0 or step.is_last:
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
    size = _frame_size((array.shape[0], array.shape[1]))
    if size != array.shape[:2]:
        resized = cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA)
        array = np.asarray(resized, np.float32)
    return to_pixels(array)


def _frame_size(size: tuple[int, int]) -> tuple[int, int]:
    """Scale (height, width) down to ``MAX_SIDE``."""
    scale = min(1.0, MAX_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
