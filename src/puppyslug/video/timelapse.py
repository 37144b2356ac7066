"""A film of a dream as it grows."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from puppyslug.engine.loop import DreamStep
from puppyslug.video.camera import as_array
from puppyslug.video.reader import Frame, Pixels
from puppyslug.video.writer import QUALITY, write_film
from puppyslug.video.zoom import to_pixels

FPS = Fraction(12)
LONGEST = 1280  # pixels, of its frames
MOST = 600  # frames; of more steps, not every one is shown
HELD = 12  # frames that the dream stands still at the end


class TimeLapse:
    """Collects the steps of a dream."""

    def __init__(self, path: Path) -> None:
        """Take the film's file."""
        self._path = path
        self._frames: list[Pixels] = []

    def add(self, step: DreamStep) -> None:
        """Take a step, unless it is one too many."""
        every = -(-step.octaves * step.steps // MOST)
        if not self._frames:
            self._frames.append(_small(as_array(step.start)))
        if step.number % every == 0 or step.number == step.octaves * step.steps:
            self._frames.append(_small(as_array(step.picture())))

    def save(self, comment: str) -> Path:
        """Write the film.

        Args:
            comment: the dream's recipe.

        Raises:
            OutputError: it cannot be written.
        """
        write_film(self._path, self._all(), fps=FPS, quality=QUALITY, comment=comment)
        return self._path

    def _all(self) -> Iterator[Frame]:
        pictures = [*self._frames, *[self._frames[-1]] * HELD]
        for number, pixels in enumerate(pictures):
            yield Frame(number / FPS, pixels)


def _small(array: np.ndarray) -> Pixels:
    height, width = array.shape[:2]
    scale = LONGEST / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        array = cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    return to_pixels(array)
