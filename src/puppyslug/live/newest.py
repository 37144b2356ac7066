"""The newest frame of a source that does not wait: a camera, or a stream."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from puppyslug.live.frames import CapturedFrame
from puppyslug.video.frames import Pixels


class NewestFrames:
    """Reads a source in a thread, and yields the newest frame each time; others are dropped.

    Attributes:
        dropped: number of frames that were replaced by newer ones before they were asked for.
    """

    def __init__(
        self, source: Iterable[Pixels], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start to read.

        Args:
            source: frames, H×W×3 RGB, each as soon as it is captured. What it raises is raised
                again where the frames are asked for.
            clock: returns the time in seconds.
        """
        self.dropped = 0
        self._source, self._clock = source, clock
        self._changed = threading.Condition()
        self._newest: CapturedFrame | None = None
        self._error: BaseException | None = None
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def __iter__(self) -> Iterator[CapturedFrame]:
        """Yield the newest frame whenever there is one that has not been yielded yet."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._ended)
                frame, self._newest = self._newest, None
                if frame is None:
                    if self._error is not None:
                        raise self._error
                    return
            yield frame

    def close(self) -> None:
        """End; the thread stops with its next frame."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _read(self) -> None:
        try:
            for pixels in self._source:
                with self._changed:
                    if self._ended:
                        return
                    self.dropped += self._newest is not None
                    self._newest = CapturedFrame(self._clock(), pixels)
                    self._changed.notify()
        except Exception as error:  # raised again where the frames are asked for
            self._error = error
        finally:
            self.close()
