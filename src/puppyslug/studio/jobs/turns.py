"""The order of the queue: owners take turns, and long work waits behind short work."""

from collections import Counter
from collections.abc import Mapping, Sequence

from puppyslug.studio.jobs.models import Job


def order_queue(queued: Sequence[Job], latest_turn: Mapping[str, int]) -> list[Job]:
    """Return queued jobs in the order in which they should start.

    Pictures precede films and training. Among either, each owner has one job in every round; within
    a round, the owner who has waited longest since the last turn comes first.

    Args:
        queued: jobs, oldest first.
        latest_turn: number of the latest turn of each owner; an owner without one has had none.
    """
    rounds: Counter[tuple[bool, str]] = Counter()
    keys = []
    for position, job in enumerate(queued):
        group = (not job.is_short, job.owner)
        keys.append((group[0], rounds[group], latest_turn.get(job.owner, 0), position))
        rounds[group] += 1
    return [queued[key[-1]] for key in sorted(keys)]
