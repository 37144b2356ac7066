"""The frame budget: working size, octaves and steps that keep up with a frame rate."""

from collections import deque
from statistics import median
from typing import NamedTuple

SIDE_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of the largest working size
START_SHARE = 0.7  # of it, before anything is measured
MIN_SIDE = 96  # pixels
MAX_STEPS = 3  # per octave
TARGET_SHARE = 0.75  # of the time between two frames that the dream may take
SLOW_FRAMES = 3  # whose median decides that a level is too slow
PATIENCE = 1.0  # seconds at a level before a costlier one is tried
MAX_PATIENCE = 30.0  # seconds, after costlier ones turned out to be too slow


class Level(NamedTuple):
    """How a frame is dreamt.

    Attributes:
        side: longest side of the working size, in pixels.
        octaves: number of octaves.
        steps: number of steps per octave.
    """

    side: int
    octaves: int
    steps: int

    def cost(self, octave_scale: float) -> float:
        """Return the time that a frame takes, up to a factor that depends on the machine."""
        pixels = sum(octave_scale ** (-2 * octave) for octave in range(self.octaves))
        return self.side**2 * pixels * self.steps


class FrameBudget:
    """Chooses the level of each frame from the times that earlier ones took.

    A level that is too slow is left after three frames. A costlier one is tried when the times at
    the current one promise that it fits; if it does not, the next attempt waits twice as long.
    """

    def __init__(
        self, fps: float, side: int, *, octaves: int = 1, octave_scale: float = 1.4
    ) -> None:
        """Start in the middle.

        Args:
            fps: frames per second to keep up with.
            side: longest side of the largest working size, in pixels.
            octaves: number of octaves, of which slow machines take one.
            octave_scale: size ratio of one octave to the previous one.
        """
        self.fps = fps
        self._scale = octave_scale
        sides = [max(min(side, MIN_SIDE), round(side * share)) for share in SIDE_SHARES]
        levels = [Level(sides[0], 1, 1), *(Level(one, octaves, 1) for one in sides)]
        levels += [Level(side, octaves, steps) for steps in range(2, MAX_STEPS + 1)]
        self._levels = sorted(set(levels), key=self._cost)
        start = max(min(side, MIN_SIDE), round(side * START_SHARE))
        self._index = self._levels.index(Level(start, octaves, 1))
        self._times: deque[float] = deque(maxlen=max(SLOW_FRAMES, round(fps * MAX_PATIENCE)))
        self._patience = PATIENCE

    @property
    def level(self) -> Level:
        """The level of the next frame."""
        return self._levels[self._index]

    def add(self, seconds: float) -> None:
        """Take note of the time that a frame took, and choose the level of the next one."""
        self._times.append(seconds)
        count = len(self._times)
        if count < SLOW_FRAMES:
            return
        recent = list(self._times)
        if median(recent[-SLOW_FRAMES:]) > 1 / self.fps and self._index:
            self._move(min(self._fitting(recent[-SLOW_FRAMES:]), self._index - 1))
            self._patience = min(2 * self._patience, MAX_PATIENCE)
        elif count >= self._patience * self.fps:
            fitting = self._fitting(recent[-max(SLOW_FRAMES, round(self.fps)) :])
            if fitting > self._index:
                self._move(fitting)

    def restart(self) -> None:
        """Forget the times, because what is dreamt has changed."""
        self._times.clear()
        self._patience = PATIENCE

    def _fitting(self, times: list[float]) -> int:
        """Return the index of the costliest level that fits, judging by times at this one."""
        rate = median(times) / self._cost(self.level)
        fits = [
            index
            for index, level in enumerate(self._levels)
            if rate * self._cost(level) <= TARGET_SHARE / self.fps
        ]
        return max(fits, default=0)

    def _move(self, index: int) -> None:
        self._index = index
        self._times.clear()

    def _cost(self, level: Level) -> float:
        return level.cost(self._scale)
