"""Progress and previews of running jobs, in memory, and the subscribers that are notified."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from puppyslug.studio.jobs.models import JobProgress

MIN_INTERVAL = 0.2  # seconds between two notifications of a subscriber


@dataclass
class _JobState:
    progress: JobProgress = field(default_factory=JobProgress)
    preview: bytes = b""
    refusal: str = ""


class ProgressHub:
    """The latest state of each running job. Worker threads update it; requests subscribe to it.

    Only the latest state is kept, so a slow subscriber skips states instead of falling behind.
    """

    def __init__(self) -> None:
        """Create an empty hub."""
        self._states: dict[str, _JobState] = {}
        self.version = 0  # increases with every change
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._is_closed = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the event loop that subscribers run in."""
        self._loop = loop

    def progress(self, job_id: str) -> JobProgress | None:
        """Return the progress of a job; None if it is not running."""
        state = self._states.get(job_id)
        return state.progress if state else None

    def preview(self, job_id: str) -> bytes:
        """Return the latest preview of a job as a JPEG; empty if there is none."""
        state = self._states.get(job_id)
        return state.preview if state else b""

    def refusal(self, job_id: str) -> str:
        """Return why the latest change to a job was rejected; empty if it was accepted."""
        state = self._states.get(job_id)
        return state.refusal if state else ""

    def update(self, job_id: str, **fields: object) -> None:
        """Set fields of a job's state (``progress``, ``preview``, ``refusal``) from any thread."""
        with self._lock:
            state = self._states.setdefault(job_id, _JobState())
            for name, value in fields.items():
                setattr(state, name, value)
            self.version += 1
        self.notify()

    def discard(self, job_id: str) -> None:
        """Remove the state of a job that has stopped running, from any thread."""
        with self._lock:
            self._states.pop(job_id, None)
            self.version += 1
        self.notify()

    def notify(self) -> None:
        """Wake all subscribers, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def is_closed(self) -> bool:
        """Return whether the server stops."""
        return self._is_closed

    def close(self) -> None:
        """End all subscriptions, from any thread: the server stops."""
        self._is_closed = True
        self.notify()

    async def subscribe(self, interval: float = MIN_INTERVAL) -> AsyncIterator[None]:
        """Yield immediately, then whenever something has changed, until the hub is closed.

        Args:
            interval: minimum number of seconds between a change and the next yield; changes in the
                meantime are merged.
        """
        while not self._is_closed:
            changed = self._changed  # taken first, so that no change during the yield is missed
            yield
            if self._is_closed:
                return
            await changed.wait()
            await asyncio.sleep(interval)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
