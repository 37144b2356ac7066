"""Records a live dream as a film, in a thread of its own."""

import queue
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from PIL import Image

from puppyslug.errors import PuppyslugError
from puppyslug.images import save_image
from puppyslug.studio.jobs.data_folder import FILM_FILE, RESULT_FILE
from puppyslug.studio.workers.live_protocol import Recorded
from puppyslug.video.conversion import Picture, fit
from puppyslug.video.frames import Pixels, TimedFrame
from puppyslug.video.writer import MPEG_CLOCK_RATE, write_video

MAX_PENDING = 20  # frames that wait to be encoded; more are left out


class LiveRecorder:
    """Writes frames to the film and the last picture of a job's folder."""

    def __init__(self, folder: Path, fps: float, recipe: str) -> None:
        """Start a recording; ``recipe`` is stored in it."""
        self._folder, self._fps, self._recipe = folder, fps, recipe
        self._frames: queue.Queue[tuple[float, Pixels] | None] = queue.Queue()
        self._count, self._error = 0, ""
        self._last: Pixels | None = None
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def add(self, time: float, pixels: Pixels) -> None:
        """Add a frame, captured at a time in seconds; leave it out if encoding is too slow."""
        if self._frames.qsize() < MAX_PENDING:
            self._frames.put((time, pixels))

    def stop(self) -> Recorded:
        """End the recording, and wait until it is written."""
        self._frames.put(None)
        self._thread.join()
        if self._last is None or self._error:
            return Recorded(0, (0, 0), self._error or "the recording has no frame")
        picture = Image.fromarray(self._last)
        save_image(picture, self._folder / RESULT_FILE, recipe_text=self._recipe, overwrite=True)
        return Recorded(self._count, (picture.height, picture.width))

    def _write(self) -> None:
        try:
            write_video(
                self._folder / FILM_FILE,
                self._timed(),
                fps=Fraction(self._fps).limit_denominator(1001),
                time_base=Fraction(1, MPEG_CLOCK_RATE),
                comment=self._recipe,
            )
        except PuppyslugError as error:
            self._error = str(error)

    def _timed(self) -> Iterator[TimedFrame]:
        start: float | None = None
        while (item := self._frames.get()) is not None:
            time, pixels = item
            start = time if start is None else start
            if self._last is not None and pixels.shape != self._last.shape:  # a phone was turned
                pixels = fit(Picture(pixels), (self._last.shape[0], self._last.shape[1])).pixels
            self._last, self._count = pixels, self._count + 1
            ticks = round((time - start) * MPEG_CLOCK_RATE)
            yield TimedFrame(Fraction(ticks, MPEG_CLOCK_RATE), pixels)
