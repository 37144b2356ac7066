"""Expected waiting times in the queue, from how long the latest jobs took."""

import heapq
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

from puppyslug.studio.jobs.models import Job, JobProgress, Status
from puppyslug.studio.jobs.recipes import result_size
from puppyslug.studio.jobs.store import JobStore

LATEST = 40  # dreams that durations are estimated from
_Key = tuple[str, ...]


def work(job: Job) -> float:
    """Return the amount of a job's work: pixels in all steps of all frames; 1 for training."""
    if job.is_training:
        return 1.0
    recipe = job.recipe
    height, width = (
        (job.height, job.width)
        if job.height
        else result_size(recipe.get("size"), job.photo.size if job.photo else None)
    )
    shrink = float(recipe.get("octave_scale") or 1) ** -2
    octaves = sum(shrink**octave for octave in range(int(recipe.get("octaves") or 1)))
    return height * width * octaves * float(recipe.get("iterations") or 1) * job.frames


class DurationEstimator:
    """Estimates durations of jobs from those that are done."""

    def __init__(self, done: Iterable[Job]) -> None:
        """Learn from finished jobs; others are ignored."""
        rates = defaultdict[_Key, list[float]](list)
        for job in done:
            if job.status is Status.DONE and job.started and job.ended:
                for key in _keys(job):
                    rates[key].append((job.ended - job.started) / work(job))
        self._rates = {key: median(values) for key, values in rates.items()}

    def seconds(self, job: Job) -> float | None:
        """Return the expected duration of a job; None if no similar job is done."""
        rates = (self._rates.get(key) for key in _keys(job))
        return next((rate * work(job) for rate in rates if rate is not None), None)


def _keys(job: Job) -> tuple[_Key, ...]:
    """Return what jobs have in common that take similar time for their work, the closest first."""
    details = tuple(str(job.recipe.get(name)) for name in ("network", "method"))
    return (job.kind, *details), (job.kind,)


def expected_starts(
    queue: Iterable[Job],
    running: Mapping[str, float | None],
    workers: int,
    estimator: DurationEstimator,
) -> dict[str, float | None]:
    """Return in how many seconds each queued job is expected to start.

    Args:
        queue: queued jobs in the order in which they will start.
        running: remaining seconds of the running jobs, by id; None if unknown.
        workers: number of jobs that are processed at the same time.
        estimator: estimates durations.

    Returns:
        Seconds by id; None where that depends on a job of unknown duration.
    """
    busy = [math.inf if seconds is None else seconds for seconds in running.values()]
    free = sorted(busy + [0.0] * max(0, workers - len(busy)))[: max(1, workers)] or [0.0]
    heapq.heapify(free)
    starts: dict[str, float | None] = {}
    for job in queue:
        start = heapq.heappop(free)
        starts[job.id] = None if math.isinf(start) else start
        duration = estimator.seconds(job)
        heapq.heappush(free, math.inf if duration is None else start + duration)
    return starts


def remaining_seconds(
    job: Job, progress: JobProgress | None, estimator: DurationEstimator
) -> float | None:
    """Return how long a running job is expected to go on; None if unknown."""
    if progress is not None and progress.seconds_left is not None:
        return progress.seconds_left
    duration = estimator.seconds(job)
    if duration is None or job.started is None:
        return None
    return max(0.0, duration - (time.time() - job.started))


def learn_durations(store: JobStore) -> DurationEstimator:
    """Return an estimator that has learnt from the latest dreams and training jobs."""
    return DurationEstimator([*store.list_dreams(LATEST), *store.list_training_jobs()[:LATEST]])
