"""The studio's workers on a cluster: a local worker process that delegates each dream to an actor.

The local process is an ordinary worker of the studio. The job's files are sent to the actor, and
come back as they are written, so that a film resumes after its actor was lost.
"""

import os
import queue
import tempfile
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from puppyslug.cluster.backend import PROCESS_MEMORY
from puppyslug.cluster.connection import connect
from puppyslug.networks.finetuned import finetuned_names_in
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.workers.protocol import Command, JobControl, Message, Task
from puppyslug.studio.workers.runner import Runner, run_task

JOB_MEMORY = 2_000_000_000  # bytes that Ray reserves for a dream
MAX_ATTEMPTS = 3  # of a dream whose actor is lost
POLL_SECONDS = 0.2  # how long a request for messages waits for the first one
_FINAL_MESSAGES = ("done", "failed", "cancelled")
_connections = ExitStack()  # stays open until the worker process ends
FileContents = dict[str, bytes | None]  # by path in the job's folder; None for a deleted file
FileStates = dict[str, tuple[int, int]]  # modification time in nanoseconds, and size in bytes


def create_cluster_runner(address: str, threads: int | None) -> Runner:
    """Connect a worker process to a cluster, and return the function that runs a task there.

    Args:
        address: address of the cluster.
        threads: processor threads of a remote worker; None for as many as this machine has.
    """
    _connections.enter_context(connect(address))
    return partial(_run_task_remotely, threads or os.cpu_count() or 1)


def _run_task_remotely(threads: int, task: Task, control: JobControl) -> None:
    """Run a dream on the cluster, retrying if its actor is lost; train networks in this process."""
    from ray.exceptions import RayError

    if task.job.lesson is not None:
        run_task(task, control)
        return
    for attempt in range(MAX_ATTEMPTS):
        try:
            _attempt(threads, task, attempt, control)
        except RayError as error:
            reason = " ".join(str(error).split())[:200]
        else:
            return
    control.emit(
        "failed", f"the cluster lost the worker of this dream {MAX_ATTEMPTS} times: {reason}"
    )


def _attempt(threads: int, task: Task, attempt: int, control: JobControl) -> None:
    """Run a dream in a new actor, forwarding commands, messages and files until it ends."""
    import ray

    job = task.job.model_copy(update={"attempts": task.job.attempts + attempt})
    actor_class: Any = ray.remote(RemoteWorker)
    actor = actor_class.options(num_cpus=threads, memory=PROCESS_MEMORY + JOB_MEMORY).remote(
        threads
    )
    try:
        files, networks = read_changed_files(task.folder, {}), _finetuned_networks(task)
        ray.get(actor.start_job.remote(job, files, networks))
        while True:
            if commands := control.drain():
                ray.get(actor.put_commands.remote(commands))
            for message, files in ray.get(actor.next_messages.remote()):
                write_changed_files(task.folder, files)
                control.emit(message.kind, message.data)
                if message.kind in _FINAL_MESSAGES:
                    return
    finally:
        ray.kill(actor)


def _finetuned_networks(task: Task) -> FileContents:
    """Read the studio's trained networks that a dream needs."""
    names = finetuned_names_in(str(task.job.recipe.get("network", "")))
    paths = [task.networks / name for name in names]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


class RemoteWorker:
    """Actor that runs a studio job in a thread, and exchanges commands, messages and files."""

    def __init__(self, threads: int) -> None:
        """Set the number of processor threads."""
        import torch

        torch.set_num_threads(threads)
        self._commands: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._messages: queue.SimpleQueue[tuple[Message, FileContents]] = queue.SimpleQueue()
        self._folder = tempfile.TemporaryDirectory(prefix="puppyslug-")
        self._networks = tempfile.TemporaryDirectory(prefix="puppyslug-")
        self._file_states: FileStates = {}

    def start_job(self, job: Job, files: FileContents, networks: FileContents) -> None:
        """Start a job.

        Args:
            job: the job.
            files: files of its folder.
            networks: the studio's trained networks that it needs.
        """
        folder, networks_folder = Path(self._folder.name), Path(self._networks.name)
        write_changed_files(networks_folder, networks)
        write_changed_files(folder, files)
        read_changed_files(folder, self._file_states)
        task = Task(job, folder, networks_folder)
        control = JobControl(self, self._commands)
        threading.Thread(target=run_task, args=(task, control), daemon=True).start()

    def send(self, message: Message) -> None:
        """Queue a message of the job, with the files written before it."""
        files = read_changed_files(Path(self._folder.name), self._file_states)
        if message.kind in _FINAL_MESSAGES:
            self._folder.cleanup()
            self._networks.cleanup()
        self._messages.put((message, files))

    def put_commands(self, commands: list[Command]) -> None:
        """Queue commands for the job."""
        for command in commands:
            self._commands.put(command)

    def next_messages(self) -> list[tuple[Message, FileContents]]:
        """Return the queued messages; wait briefly for the first one."""
        try:
            messages = [self._messages.get(timeout=POLL_SECONDS)]
        except queue.Empty:
            return []
        while not self._messages.empty():
            messages.append(self._messages.get())
        return messages


def read_changed_files(folder: Path, states: FileStates) -> FileContents:
    """Read the files of a job's folder that have changed.

    Args:
        folder: the folder.
        states: previous states of its files by path; updated in place.
    """
    current: FileStates = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "lock" and ".part" not in path.suffixes:
            stat = path.stat()
            current[path.relative_to(folder).as_posix()] = (stat.st_mtime_ns, stat.st_size)
    changes: FileContents = {name: None for name in states if name not in current}
    changes |= {
        name: (folder / name).read_bytes()
        for name, state in current.items()
        if states.get(name) != state
    }
    states.clear()
    states.update(current)
    return changes


def write_changed_files(folder: Path, changes: FileContents) -> None:
    """Write and delete files in a folder; delete subfolders that become empty."""
    for name, data in changes.items():
        path = folder / name
        if data is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            continue
        path.unlink(missing_ok=True)
        if path.parent != folder and path.parent.exists() and not any(path.parent.iterdir()):
            path.parent.rmdir()
