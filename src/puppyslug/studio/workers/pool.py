"""The worker pool: a supervisor thread and a process for each worker."""

import multiprocessing
import os
import threading
from functools import partial
from multiprocessing.connection import Connection

from puppyslug.studio.jobs.data_folder import DataFolder
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.limits import Limits
from puppyslug.studio.workers.pool_context import Launcher, PoolContext, WorkerProcess
from puppyslug.studio.workers.process import run_worker
from puppyslug.studio.workers.protocol import Command
from puppyslug.studio.workers.runner import RunnerFactory
from puppyslug.studio.workers.slots import ComputeSlots
from puppyslug.studio.workers.supervisor import WorkerSupervisor


class ProcessPool:
    """All workers of a studio."""

    def __init__(
        self,
        size: int,
        store: JobStore,
        folder: DataFolder,
        hub: ProgressHub,
        limits: Limits,
        launch: Launcher,
    ) -> None:
        """Create a pool; no worker runs before ``start``.

        Args:
            size: number of workers; with 0, jobs are queued but not processed.
            store: job store that the workers take jobs from.
            folder: data folder.
            hub: receives progress and previews.
            limits: limits of a job.
            launch: starts a worker process, such as ``process_launcher(size, create_runner)``.
        """
        self._context = PoolContext(
            store,
            folder,
            hub,
            limits,
            launch,
            threading.Event(),
            ComputeSlots(size),
            self._add_spare,
        )
        self._lock = threading.Lock()  # guards the list of supervisors
        self._supervisors = [WorkerSupervisor(self._context) for _ in range(size)]

    def start(self) -> None:
        """Start all workers."""
        for supervisor in self._supervisors:
            supervisor.thread.start()

    def close(self) -> None:
        """Kill all workers; jobs that they are processing stay marked as running."""
        with self._lock:
            self._context.closing.set()
            supervisors = list(self._supervisors)
        self.notify()
        for supervisor in supervisors:
            supervisor.kill()
        for supervisor in supervisors:
            supervisor.thread.join(timeout=10)

    def notify(self) -> None:
        """Wake idle workers and subscribers after a job has been queued."""
        self._context.slots.notify()
        self._context.hub.notify()

    @property
    def is_paused(self) -> bool:
        """Whether the queue is paused: running jobs go on, and no other one starts."""
        return self._context.slots.is_paused

    def pause(self) -> None:
        """Pause the queue."""
        self._context.slots.pause()
        self._context.hub.notify()

    def resume(self) -> None:
        """Resume the queue."""
        self._context.slots.resume()
        self._context.hub.notify()

    def send(self, job_id: str, command: Command) -> bool:
        """Send a command to the worker that processes a job; False if there is none."""
        return any(supervisor.send(job_id, command) for supervisor in list(self._supervisors))

    def _add_spare(self) -> None:
        """Start a worker in place of one whose job waits."""
        with self._lock:
            if self._context.closing.is_set():
                return
            spare = WorkerSupervisor(self._context, is_spare=True)
            spare.thread.start()
            alive = [one for one in self._supervisors if one.thread.is_alive()]
            self._supervisors = [*alive, spare]


def process_launcher(pool_size: int, create_runner: RunnerFactory) -> Launcher:
    """Return a function that starts a worker process.

    Args:
        pool_size: number of workers, which share the processor's cores.
        create_runner: sent to the process, which calls it once to initialise itself.
    """
    threads = None if pool_size <= 1 else max(1, (os.cpu_count() or 1) // pool_size)
    return partial(_launch, threads, create_runner)


def _launch(threads: int | None, create_runner: RunnerFactory) -> tuple[WorkerProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    server_end, worker_end = context.Pipe()
    process = context.Process(
        target=run_worker,
        args=(worker_end, threads, create_runner),
        name="puppyslug-worker",
        daemon=True,
    )
    process.start()
    worker_end.close()
    return process, server_end
