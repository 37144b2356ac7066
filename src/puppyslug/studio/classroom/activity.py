"""What happens in a class: the teacher follows all jobs, and each pupil follows the own ones."""

import json
import threading
from collections.abc import Callable
from typing import Any

from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.jobs.activity import ActivityFeed
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.waiting_time import Wait, WaitingTimes
from puppyslug.studio.visitors import Visitor


class ClassActivityFeed:
    """Describes the activity of a class to each visitor, from one description of all jobs."""

    def __init__(
        self,
        classroom: Classroom,
        store: JobStore,
        hub: ProgressHub,
        waiting_times: WaitingTimes,
        is_paused: Callable[[], bool],
    ) -> None:
        """Describe the jobs of a class.

        Args:
            classroom: the class.
            store: job store.
            hub: progress of the running jobs.
            waiting_times: estimates how long queued jobs wait.
            is_paused: whether the queue is paused.
        """
        self._classroom, self._store, self._hub = classroom, store, hub
        self._waiting_times, self._is_paused = waiting_times, is_paused
        self._feed = ActivityFeed(store, hub)
        self._lock = threading.Lock()
        self._versions: tuple[object, ...] = ()
        self._activity: dict[str, Any] = {}
        self._owners: dict[str, str] = {}  # by id, of the jobs in the activity
        self._waits: dict[str, Wait] = {}

    def describe(self, visitor: Visitor) -> str:
        """Return the activity that a visitor may see, as JSON.

        It is that of ``ActivityFeed``, with ``waits`` (for each queued job, the number ``before``
        it and the ``seconds`` until it starts, or null) and ``paused``, whether the queue is. The
        teacher's also has ``projected``, the id of the dream on the projector, and ``pupils``,
        which changes when a pupil joins. A pupil's ``version`` changes when an own job does.
        """
        with self._lock:
            self._refresh()
            activity, owners = self._activity, self._owners
        if not visitor.sees_all:
            activity = {
                "version": self._store.owner_version(visitor.owner),
                "queue": [id for id in activity["queue"] if owners.get(id) == visitor.owner],
                "paused": activity["paused"],
                **{
                    name: {
                        id: one for id, one in activity[name].items()
                        if owners.get(id) == visitor.owner
                    }
                    for name in ("active", "waits")
                },
            }  # fmt: skip
        return json.dumps(activity)

    def wait_of(self, job_id: str) -> Wait | None:
        """Return how long a job waits; None if it is not queued."""
        with self._lock:
            self._refresh()
            return self._waits.get(job_id)

    def _refresh(self) -> None:
        paused = self._is_paused()
        versions = (self._store.version, self._hub.version, self._classroom.version, paused)
        if versions == self._versions:
            return
        self._versions = versions
        self._waits = self._waiting_times.estimate()
        jobs = (*self._store.queue(), *self._store.with_status(Status.RUNNING, Status.PAUSED))
        self._owners = {job.id: job.owner for job in jobs}
        self._activity = {
            **self._feed.collect(),
            "waits": {id: wait._asdict() for id, wait in self._waits.items()},
            "paused": paused,
            "projected": self._classroom.projected,
            "pupils": self._classroom.version,
        }
