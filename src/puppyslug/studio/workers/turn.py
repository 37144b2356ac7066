"""The turn of a job: when it computes, and when it waits for the user or for shorter jobs."""

import threading
import time
from collections.abc import Callable

from puppyslug.studio.workers.channel import WorkerChannel
from puppyslug.studio.workers.protocol import Command
from puppyslug.studio.workers.slots import ComputeSlots

LONG_TURN = 5.0  # seconds that a film or a training job computes before it may have to wait
MAX_WAIT = 300.0  # seconds that it waits for shorter jobs


class JobTurn:
    """Decides when a job that a worker processes has a compute slot.

    A paused job has none. A long job also gives its slot back while short jobs are queued.

    Attributes:
        waited: seconds for which the job has waited for shorter jobs.
    """

    def __init__(
        self,
        slots: ComputeSlots,
        channel: WorkerChannel,
        *,
        has_shorter_jobs: Callable[[], bool] | None,
        add_worker: Callable[[], None],
    ) -> None:
        """Start the turn of a job that has a slot.

        Args:
            slots: the slots of the pool.
            channel: connection to the worker.
            has_shorter_jobs: whether a long job has to wait now; None for a short job.
            add_worker: starts another worker.
        """
        self._slots, self._channel = slots, channel
        self._has_shorter_jobs, self._add_worker = has_shorter_jobs, add_worker
        self._lock = threading.Lock()
        self._has_slot = True
        self._yields = False  # the job waits, or will wait, for shorter ones
        self._goes_on = False  # the user has resumed the job
        self._is_waiting = False  # for a slot
        self._since = time.monotonic()
        self.waited = 0.0

    def handle(self, command: Command) -> bool:
        """Note a command of the user; return whether the worker needs it now."""
        with self._lock:
            if self._has_slot or command.name not in ("pause", "resume"):
                return True
            self._goes_on = command.name == "resume"
            self._yields = False
            if self._goes_on:
                self._resume()  # it gets the next free slot, before any new job
            else:
                self._stop_waiting()
            return False

    @property
    def is_paused(self) -> bool:
        """Whether the user has paused the job, and not resumed it."""
        with self._lock:
            return not (self._has_slot or self._yields or self._goes_on)

    @property
    def waits_for_others(self) -> bool:
        """Whether the job would go on if it had a slot."""
        with self._lock:
            return not self._has_slot and (self._yields or self._goes_on)

    def park(self) -> None:
        """Give the slot back: the worker has paused the job."""
        with self._lock:
            if not self._has_slot:
                return
            self._has_slot = self._goes_on = False
            self._since = time.monotonic()
            is_needed = self._slots.park()
        if is_needed:
            self._add_worker()

    def update(self) -> None:
        """Pause a long job for shorter ones, or let a job that waits go on."""
        with self._lock:
            seconds = time.monotonic() - self._since
            has_shorter = self._has_shorter_jobs is not None and self._has_shorter_jobs()
            if self._has_slot:
                if has_shorter and not self._yields and seconds > LONG_TURN:
                    self._yields = self._channel.send(Command("pause"))
                return
            if self._yields and has_shorter and seconds < MAX_WAIT:
                self._stop_waiting()
                return
            if self._yields or self._goes_on:
                self._resume()

    def end(self) -> None:
        """Give back what the job has: it has ended."""
        with self._lock:
            self._stop_waiting()
            if self._has_slot:
                self._slots.release()
            else:
                self._slots.end_parked()

    def _resume(self) -> None:
        """Go on if there is a slot; otherwise wait for one."""
        if not self._slots.unpark(waiting=self._is_waiting):
            self._is_waiting = True
            return
        now = time.monotonic()
        if self._yields:
            self.waited += now - self._since
        self._is_waiting = self._yields = self._goes_on = False
        self._has_slot = True
        self._since = now
        self._channel.send(Command("resume"))

    def _stop_waiting(self) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self._slots.stop_waiting()
