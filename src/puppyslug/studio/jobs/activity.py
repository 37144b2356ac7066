"""What happens in the studio, as one short text that all pages follow."""

import json
import threading
from typing import Any

from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore


class ActivityFeed:
    """Describes the queue and the running jobs. However many clients ask, it does so once."""

    def __init__(self, store: JobStore, hub: ProgressHub) -> None:
        """Describe the jobs of a store, with the progress of a hub."""
        self._store, self._hub = store, hub
        self._lock = threading.Lock()
        self._versions = (-1, -1)
        self._text = ""

    def describe(self) -> str:
        """Return the activity as JSON.

        ``version`` changes when any job does; ``queue`` has the ids of the queued jobs, the next
        one first; ``active`` has status, progress and refusal of the others, by id.
        """
        with self._lock:
            versions = (self._store.version, self._hub.version)
            if versions != self._versions:
                self._text = json.dumps(self.collect())
                self._versions = versions
            return self._text

    def collect(self) -> dict[str, Any]:
        """Return the activity of all jobs; see ``describe``."""
        version = self._store.version
        active = {}
        for job in self._store.with_status(Status.RUNNING, Status.PAUSED):
            progress = self._hub.progress(job.id)
            active[job.id] = {
                "status": job.status,
                "progress": progress.model_dump() if progress else None,
                "refusal": self._hub.refusal(job.id),
            }
        return {"version": version, "queue": self._store.queued_ids(), "active": active}
