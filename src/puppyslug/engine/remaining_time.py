"""The remaining time of work, from the speed of its latest steps.

Nothing here imports torch.
"""

import time
from collections import deque

WINDOW = 30.0  # seconds whose speed counts
MIN_STEPS = 3  # whose speed counts, however long they take


class RemainingTime:
    """Estimates how long work takes until it is complete.

    The speed is the work of the latest steps, divided by their time, so that it follows the load
    of the machine, and large steps count more than small ones. The first step, which is a warm-up,
    does not count.
    """

    def __init__(self) -> None:
        """Start without any step."""
        self._steps: deque[tuple[float, float]] = deque()  # time, and completed share after a step

    def add(self, fraction: float) -> None:
        """Count a step.

        Args:
            fraction: completed share of the work after it, in [0, 1]. If it is less than before,
                other work has begun.
        """
        now = time.monotonic()
        if self._steps and fraction < self._steps[-1][1]:
            self._steps.clear()
        self._steps.append((now, fraction))
        while len(self._steps) > MIN_STEPS + 1 and now - self._steps[1][0] >= WINDOW:
            self._steps.popleft()

    def skip(self, seconds: float) -> None:
        """Leave out a time in which nothing was computed, such as a pause."""
        self._steps = deque((moment + seconds, fraction) for moment, fraction in self._steps)

    @property
    def speed(self) -> float | None:
        """Share of the work that is done in a second; None before the second step."""
        if len(self._steps) < 2:
            return None
        (start, before), (end, after) = self._steps[0], self._steps[-1]
        return (after - before) / (end - start) if after > before and end > start else None

    @property
    def seconds(self) -> float | None:
        """Remaining time, at least 0; None before the second step."""
        speed = self.speed
        if speed is None:
            return None
        moment, fraction = self._steps[-1]
        return max(0.0, (1 - fraction) / speed - (time.monotonic() - moment))
