"""What a studio allows, so that no request and no dream takes the machine away."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of a studio.

    Attributes:
        upload: bytes of a request.
        photo: pixels of an uploaded picture, looked at before it is decoded.
        dream: pixels of a dream.
        frames: of a film.
        film: pixels of a film's frame.
        seconds: of one dream, pauses included; then it is stopped, and what is there is kept.
        queue: dreams that may wait.
        keep: bytes of dreams; beyond, the oldest finished ones are deleted.
        pictures: that a lesson may have.
        lessons: bytes of the pictures of all lessons, which are never deleted unasked.
    """

    upload: int = 64_000_000
    photo: int = 60_000_000
    dream: int = 20_000_000
    frames: int = 1500
    film: int = 1_000_000
    seconds: float = 3600
    queue: int = 100
    keep: int = 10_000_000_000
    pictures: int = 2000
    lessons: int = 5_000_000_000
