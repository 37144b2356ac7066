"""Types of the live loop: frames that were captured, and frames that were dreamt of them."""

from typing import NamedTuple

from puppyslug.live.budget import Level
from puppyslug.recipe import Recipe
from puppyslug.video.frames import Pixels


class CapturedFrame(NamedTuple):
    """A frame of a camera.

    Attributes:
        time: when it was captured, in seconds of the loop's clock.
        pixels: H×W×3 RGB, at the size at which it will be shown.
    """

    time: float
    pixels: Pixels


class LiveFrame(NamedTuple):
    """A frame that was dreamt.

    Attributes:
        pixels: H×W×3 RGB, of the size of the captured frame.
        source: the captured frame.
        latency: seconds from its capture until it was dreamt.
        level: size, octaves and steps that it was dreamt with.
        strength: mean absolute difference from the source at the working size, in grey levels,
            before blending.
        is_cut: whether a new scene begins, so that nothing of the previous frame was kept.
        recipe: the recipe; its ``size`` is the largest working size.
        rejected: why the latest changes were not applied; empty if they were.
    """

    pixels: Pixels
    source: CapturedFrame
    latency: float
    level: Level
    strength: float
    is_cut: bool
    recipe: Recipe
    rejected: str = ""
