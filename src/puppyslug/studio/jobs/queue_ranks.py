"""The order that owners have chosen for their own queued jobs."""

from collections import defaultdict
from collections.abc import Sequence

from puppyslug.studio.jobs.models import Job


def move_group(job: Job) -> tuple[bool, str]:
    """Return what jobs have in common that an owner can arrange among each other."""
    return not job.is_short, job.owner


def arrange(queued: Sequence[Job]) -> list[Job]:
    """Return queued jobs with those of each owner in the order that the owner has chosen.

    Each owner keeps the same places, so that nobody gains a turn.

    Args:
        queued: jobs, oldest first.
    """
    places = defaultdict[tuple[bool, str], list[int]](list)
    for position, job in enumerate(queued):
        places[move_group(job)].append(position)
    arranged = list(queued)
    for positions in places.values():
        jobs = (queued[position] for position in positions)
        ranked = sorted(jobs, key=lambda job: (job.rank is None, job.rank or 0))
        for position, job in zip(positions, ranked, strict=True):
            arranged[position] = job
    return arranged
