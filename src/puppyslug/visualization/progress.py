"""Progress of work that runs in stages."""

from typing import NamedTuple


class StageProgress(NamedTuple):
    """How much of a job is done.

    Attributes:
        fraction: completed share, in [0, 1].
        stage: what is being done, in a few words.
    """

    fraction: float
    stage: str
