"""Moves in the queue: a browser arranges its own jobs, and takes no turn from others."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.jobs.queue_ranks import move_group
from puppyslug.studio.jobs.store import JobStore

Place = Literal["first", "up", "down", "last"]


def number_groups(queue: Sequence[Job]) -> list[int]:
    """Return a number for each job of a queue; jobs of the same number can change places."""
    numbers: dict[tuple[bool, str], int] = defaultdict(lambda: len(numbers))
    return [numbers[move_group(job)] for job in queue]


def move(store: JobStore, job: Job, place: Place | None, before: str | None) -> None:
    """Move a queued job among those of its owner; pictures and longer jobs are apart.

    Args:
        store: the job store.
        job: the job to move.
        place: where it goes; None if ``before`` says so.
        before: id of the job before which it goes, or None.

    Raises:
        HTTPError: the job is not queued, or cannot change places with the other one.
    """

    def arrange(queue: Sequence[Job]) -> list[Job]:
        if job.id not in {one.id for one in queue}:
            raise HTTPError(409, "only jobs in the queue can be moved, and that one has started")
        group = [one for one in queue if move_group(one) == move_group(job)]
        index = [one.id for one in group].index(job.id)
        moved = group.pop(index)
        group.insert(_target(group, index, place, before), moved)
        return group

    store.rearrange(arrange)


def _target(others: Sequence[Job], index: int, place: Place | None, before: str | None) -> int:
    """Return the new index of a job among the others of its group."""
    if before is not None:
        ids = [one.id for one in others]
        if before not in ids:
            raise HTTPError(
                409, "these two cannot change places; move a job among your own of the same kind"
            )
        return ids.index(before)
    targets = {"first": 0, "up": max(0, index - 1), "down": index + 1, "last": len(others)}
    return targets[place or "first"]
