"""How long queued jobs wait, by how long the latest dreams have taken."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from statistics import median
from typing import NamedTuple

from puppyslug.studio.jobs.models import Job, Status
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.recipes import result_size
from puppyslug.studio.jobs.store import JobStore

HISTORY = 30  # finished dreams that the estimate uses
MIN_FRACTION = 0.1  # of a running dream, before its time tells something

_Kind = tuple[str, str, str, bool]


class Wait(NamedTuple):
    """How long a queued job waits.

    Attributes:
        before: number of queued jobs that start before it.
        seconds: until it starts; None if no dream has ended yet from which that could be told.
    """

    before: int
    seconds: float | None


def work_of(job: Job) -> float:
    """Return how much work a dream is, in pixels times steps, over all octaves and frames."""
    recipe = job.recipe
    if job.is_training or not recipe:
        return 1.0
    height, width = job.height, job.width
    if not height:
        height, width = result_size(recipe.get("size"), job.photo.size if job.photo else None)
    scale = float(recipe.get("octave_scale") or 1.4)
    shares = (scale ** (-2 * octave) for octave in range(int(recipe.get("octaves") or 1)))
    return height * width * sum(shares) * int(recipe.get("iterations") or 1) * max(1, job.frames)


def estimate_waits(
    queue: Sequence[Job], seconds: Mapping[str, float | None], slots: Sequence[float]
) -> dict[str, Wait]:
    """Return how long each queued job waits, by id.

    Args:
        queue: queued jobs, the next one first.
        seconds: how long each job will run, by id; None if that is unknown.
        slots: for each job that can run at the same time, seconds until its place is free.
    """
    waits: dict[str, Wait] = {}
    free = list(slots)
    heapify(free)
    for before, job in enumerate(queue):
        if not free:
            waits[job.id] = Wait(before, None)
            continue
        start = heappop(free)
        waits[job.id] = Wait(before, start)
        length = seconds.get(job.id)
        if length is not None:
            heappush(free, start + length)
    return waits


class WaitingTimes:
    """Estimates how long the queued jobs of a store wait."""

    def __init__(
        self,
        store: JobStore,
        hub: ProgressHub,
        workers: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Estimate the waiting times of a store's queue.

        Args:
            store: job store.
            hub: progress of the running jobs.
            workers: number of jobs that run at the same time; without any, jobs wait for one.
            clock: returns the Unix time in seconds.
        """
        self._store, self._hub, self._workers = store, hub, max(1, workers)
        self._clock = clock
        self._history: list[tuple[Job, float]] = []
        self._history_version = -1

    def estimate(self) -> dict[str, Wait]:
        """Return how long each queued job waits, by id."""
        queue = self._store.queue()
        if not queue:
            return {}
        running = self._store.with_status(Status.RUNNING)
        paces = self._learn_paces(running)
        left = [self._seconds_left(job, paces) for job in running]
        known = [seconds for seconds in left if seconds is not None][: self._workers]
        slots = known + [0.0] * max(0, self._workers - len(running))
        return estimate_waits(queue, {job.id: _predict(job, paces) for job in queue}, slots)

    def _learn_paces(self, running: Sequence[Job]) -> dict[_Kind | None, float]:
        """Return seconds per unit of work: of each kind of dream, and of all (None)."""
        samples = defaultdict[_Kind | None, list[float]](list)
        times = list(self._read_history())
        for job in running:
            progress = None if job.is_training else self._hub.progress(job.id)
            if progress and progress.fraction >= MIN_FRACTION and job.started is not None:
                times.append((job, (self._clock() - job.started) / progress.fraction))
        for job, seconds in times:
            for kind in (_kind(job), None):
                samples[kind].append(max(0.0, seconds) / work_of(job))
        return {kind: median(values) for kind, values in samples.items()}

    def _read_history(self) -> list[tuple[Job, float]]:
        """Return the latest dreams that are done, and how many seconds each has run."""
        if self._history_version != self._store.version:
            self._history_version = self._store.version
            self._history = [
                (job, job.ended - job.started)
                for job in self._store.latest_done(HISTORY)
                if job.started is not None and job.ended is not None
            ]
        return self._history

    def _seconds_left(self, job: Job, paces: Mapping[_Kind | None, float]) -> float | None:
        progress = self._hub.progress(job.id)
        if progress is not None and progress.seconds_left is not None:
            return progress.seconds_left
        length = _predict(job, paces)
        if length is None or job.started is None:
            return length
        return max(0.0, length - (self._clock() - job.started))


def _kind(job: Job) -> _Kind:
    return job.kind, str(job.recipe.get("network")), str(job.recipe.get("method")), job.trial


def _predict(job: Job, paces: Mapping[_Kind | None, float]) -> float | None:
    """Return how long a job runs in seconds; None if nothing like it has run."""
    pace = paces.get(_kind(job), paces.get(None))
    return None if pace is None or job.is_training else pace * work_of(job)
