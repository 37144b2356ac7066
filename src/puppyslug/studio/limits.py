"""Resource limits of a studio, so that no request and no job exhausts the machine."""

from dataclasses import dataclass

from puppyslug.recipe import defaults
from puppyslug.recipe.sizes import parse_memory


@dataclass(frozen=True)
class Limits:
    """Resource limits of a studio.

    Attributes:
        upload: maximum size of a request, in bytes.
        photo: maximum number of pixels of an uploaded picture, checked before decoding.
        dream: maximum number of pixels of a dream.
        frames: maximum number of frames of a film.
        film: maximum number of pixels of a film frame.
        seconds: maximum duration of a job, pauses included. A job that exceeds it is stopped, and
            its result so far is kept.
        queue: maximum number of queued jobs.
        paused: maximum number of paused dreams, each of which keeps a process in memory.
        keep: disk quota for dreams, in bytes; the oldest dreams that have ended are deleted first.
        trials: maximum number of ended trials that are kept.
        trial: maximum number of pixels of a trial.
        pictures: maximum number of pictures of a training job.
        lessons: disk quota for the pictures of all training jobs, in bytes; these are never
            deleted automatically.
    """

    upload: int = 64_000_000
    photo: int = 60_000_000
    dream: int = 20_000_000
    frames: int = 1500
    film: int = 1_000_000
    seconds: float = 3600
    queue: int = 100
    paused: int = 4
    keep: int = parse_memory(defaults.STUDIO_DISK_QUOTA)
    trials: int = 100
    trial: int = 160_000
    pictures: int = 2000
    lessons: int = 5_000_000_000


@dataclass(frozen=True)
class PupilLimits:
    """What one pupil may use, in class mode.

    Attributes:
        queued: maximum number of queued dreams, without trials.
        trials: maximum number of queued trials.
        paused: maximum number of paused dreams.
        dream: maximum number of pixels of a dream.
        frames: maximum number of frames of a film.
        bytes: maximum disk space of all dreams, in bytes.
    """

    queued: int = 10
    trials: int = 20
    paused: int = 1
    dream: int = 1_100_000
    frames: int = 150
    bytes: int = 300_000_000


CLASS_LIMITS = Limits(queue=600, trials=1000)
"""Limits of a studio in class mode: a class is as many people, each with a gallery."""
