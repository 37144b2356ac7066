"""What the supervisors of a worker pool share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

from puppyslug.studio.jobs.data_folder import DataFolder
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.limits import Limits
from puppyslug.studio.workers.slots import ComputeSlots


class WorkerProcess(Protocol):
    """The part of ``multiprocessing.Process`` that a supervisor uses."""

    @property
    def exitcode(self) -> int | None:
        """Exit code; None while the process runs."""

    def is_alive(self) -> bool:
        """Return whether the process is running."""

    def kill(self) -> None:
        """Kill the process."""

    def join(self, timeout: float | None = None) -> None:
        """Wait until the process has exited."""


Launcher = Callable[[], tuple[WorkerProcess, Connection]]


@dataclass(frozen=True)
class PoolContext:
    """What the supervisors of a pool share.

    Attributes:
        store: job store.
        folder: data folder.
        hub: receives progress and previews.
        limits: limits of a job.
        launch: starts a worker process, and returns it with the server's end of its connection.
        closing: set when the pool shuts down.
        slots: for the jobs that compute at the same time.
        add_worker: starts another supervisor.
    """

    store: JobStore
    folder: DataFolder
    hub: ProgressHub
    limits: Limits
    launch: Launcher
    closing: threading.Event
    slots: ComputeSlots
    add_worker: Callable[[], None]
