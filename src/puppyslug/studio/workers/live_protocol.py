"""Messages between the server and the process that dreams live."""

from pathlib import Path
from typing import Any, NamedTuple

from puppyslug.live.budget import Level


class Start(NamedTuple):
    """Begin a stream.

    Attributes:
        settings: fields of a recipe and shorthand.
        fps: frames per second at most.
        side: longest side of the largest working size, in pixels.
    """

    settings: dict[str, Any]
    fps: float
    side: int


class Frame(NamedTuple):
    """A frame of the camera: what the browser calls it, and the bytes of a JPEG."""

    name: bytes
    jpeg: bytes


class Change(NamedTuple):
    """Change the look."""

    settings: dict[str, Any]


class Record(NamedTuple):
    """Start a recording in a folder, or stop it (None)."""

    folder: Path | None


class Dreamt(NamedTuple):
    """A frame that was dreamt.

    Attributes:
        name: what the browser calls it.
        jpeg: the dream.
        level: size, octaves and steps that it was dreamt with.
        seconds: time from the arrival of the frame in the process until it was dreamt.
        recipe: fields of the recipe; None if they have not changed since the last frame.
    """

    name: bytes
    jpeg: bytes
    level: Level
    seconds: float
    recipe: dict[str, Any] | None


class Dropped(NamedTuple):
    """A frame that was not dreamt, because it came too soon or is no picture."""

    name: bytes
    is_invalid: bool


class Rejected(NamedTuple):
    """Why a look is not possible."""

    reason: str


class Recorded(NamedTuple):
    """A recording has ended.

    Attributes:
        frames: number of its frames.
        size: (height, width).
        error: why there is none; empty if there is one.
    """

    frames: int
    size: tuple[int, int]
    error: str = ""
