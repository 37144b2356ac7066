"""What ``puppyslug live`` shows while it records."""

import sys
from statistics import median
from typing import TYPE_CHECKING, Self

from puppyslug.errors import plural

if TYPE_CHECKING:
    from puppyslug.live.frames import LiveFrame

RECENT = 30  # frames
INTERVAL = 1.0  # seconds of the film between two updates


class LiveProgress:
    """Shows frame rate, latency and working size in a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Show nothing if ``quiet``, or without a terminal."""
        self._shows = not quiet and sys.stderr.isatty()
        self._times: list[float] = []
        self._latencies: list[float] = []
        self._shown = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shows:
            print(file=sys.stderr)

    def add(self, frame: "LiveFrame") -> None:
        """Take note of a frame."""
        time = frame.source.time
        self._times.append(time)
        self._latencies.append(frame.latency)
        if not self._shows or time < self._shown + INTERVAL:
            return
        self._shown = time
        level = frame.level
        detail = f"{level.side} pixels, {plural(level.octaves, 'octave')}, "
        detail += plural(level.steps, "step")
        text = f"{time - self._times[0]:.0f} s, {self._rate(RECENT)}, {detail}"
        print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)

    @property
    def summary(self) -> str:
        """Frame rate and latency of the whole recording."""
        return self._rate(len(self._times))

    def _rate(self, count: int) -> str:
        times, latencies = self._times[-count:], self._latencies[-count:]
        if len(times) < 2 or times[-1] == times[0]:
            return "too short for a frame rate"
        rate = (len(times) - 1) / (times[-1] - times[0])
        return f"{rate:.1f} frames per second, latency {1000 * median(latencies):.0f} ms"
