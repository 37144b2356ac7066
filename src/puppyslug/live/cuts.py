"""Cuts of a live picture: frames that begin a new scene."""

from collections import deque

from puppyslug.video.frames import FloatArray, Pixels
from puppyslug.video.segments import CUT_WINDOW, find_cuts, frame_difference, frame_thumbnail


class CutDetector:
    """Compares each frame with the previous one; what follows is not known yet."""

    def __init__(self) -> None:
        """Start before the first frame, which is a cut."""
        self._previous: FloatArray | None = None
        self._differences: deque[float] = deque([0.0], maxlen=CUT_WINDOW + 1)

    def is_cut(self, pixels: Pixels) -> bool:
        """Return whether a frame, H×W×3, begins a new scene."""
        current = frame_thumbnail(pixels)
        previous, self._previous = self._previous, current
        if previous is None:
            return True
        self._differences.append(frame_difference(current, previous))
        return len(self._differences) - 1 in find_cuts(list(self._differences))
