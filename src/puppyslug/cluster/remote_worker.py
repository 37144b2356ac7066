"""The studio's workers on a cluster: a process beside the server, and a desk far away.

The process is the studio's own worker, with all that the server may do to it; only the dream is
dreamt elsewhere. Files go there with the task, and come back as they are written, so that a film
whose desk is lost goes on with its frames.
"""

import os
import queue
import tempfile
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from puppyslug.cluster.connection import connected
from puppyslug.cluster.worker_handle import PROGRAM
from puppyslug.networks.finetuned import own_files_in
from puppyslug.studio.jobs.models import Dream
from puppyslug.studio.workers.process import Dreams
from puppyslug.studio.workers.protocol import Controls, Order, Report, Task

MEMORY = 2_000_000_000  # bytes that a dream may take, as far as Ray plans
ATTEMPTS = 3  # that a dream has where its desk is lost
_WAIT = 0.2  # seconds that a desk waits for something to report
_ENDINGS = ("done", "failed", "cancelled")
_line = ExitStack()  # to the cluster, held for as long as a worker's process lives
Files = dict[str, bytes | None]  # by name in the dream's folder; None for one that is gone


def afar(address: str, threads: int | None) -> Dreams:
    """Dream on a cluster, from a worker's process on this machine.

    Args:
        address: of the cluster.
        threads: of a processor there; None for as many as this machine has.
    """
    _line.enter_context(connected(address))
    return partial(_dream_afar, threads or os.cpu_count() or 1)


def _dream_afar(threads: int, task: Task, controls: Controls) -> None:
    """Have a task dreamt at a desk; where that is lost, at another. Lessons are taught here."""
    from ray.exceptions import RayError

    if task.dream.lesson is not None:
        from puppyslug.studio.workers.dream_task import dream_task

        dream_task(task, controls)
        return
    for attempt in range(ATTEMPTS):
        try:
            _at_a_desk(threads, task, attempt, controls)
        except RayError as error:
            reason = " ".join(str(error).split())[:200]
        else:
            return
    controls.say(
        "failed", f"the cluster lost the worker that dreamt it, {ATTEMPTS} times: {reason}"
    )


def _at_a_desk(threads: int, task: Task, attempt: int, controls: Controls) -> None:
    import ray

    dream = task.dream.model_copy(update={"attempts": task.dream.attempts + attempt})
    kind: Any = ray.remote(Desk)
    desk = kind.options(num_cpus=threads, memory=PROGRAM + MEMORY).remote(threads)
    try:
        ray.get(desk.begin.remote(dream, changed(task.folder, {}), _taught(task)))
        while True:
            if orders := controls.orders():
                ray.get(desk.order.remote(orders))
            for report, files in ray.get(desk.listen.remote()):
                put_back(task.folder, files)
                controls.say(report.what, report.data)
                if report.what in _ENDINGS:
                    return
    finally:
        ray.kill(desk)


def _taught(task: Task) -> Files:
    """The networks of the studio's own that a dream needs."""
    names = own_files_in(str(task.dream.recipe.get("network", "")))
    paths = [task.networks / name for name in names]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


class Desk:
    """The far side: a dream in a thread, with what it reports and what it is told."""

    def __init__(self, threads: int) -> None:
        """Compute in so many threads."""
        import torch

        torch.set_num_threads(threads)
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[tuple[Report, Files]] = queue.SimpleQueue()
        self._folder = tempfile.TemporaryDirectory(prefix="puppyslug-")
        self._networks = tempfile.TemporaryDirectory(prefix="puppyslug-")
        self._known: dict[str, tuple[int, int]] = {}

    def begin(self, dream: Dream, files: Files, taught: Files) -> None:
        """Begin a dream.

        Args:
            dream: which.
            files: of its folder.
            taught: networks of the studio's own.
        """
        from puppyslug.studio.workers.dream_task import dream_task

        folder, networks = Path(self._folder.name), Path(self._networks.name)
        put_back(networks, taught)
        put_back(folder, files)
        changed(folder, self._known)
        controls = Controls(self, self._inbox)
        threading.Thread(
            target=dream_task, args=(Task(dream, folder, networks), controls), daemon=True
        ).start()

    def send(self, report: Report) -> None:
        """Keep a report, with the files that were written by then."""
        files = changed(Path(self._folder.name), self._known)
        if report.what in _ENDINGS:
            self._folder.cleanup()
            self._networks.cleanup()
        self._outbox.put((report, files))

    def order(self, orders: list[Order]) -> None:
        """Tell the dream what it is told."""
        for order in orders:
            self._inbox.put(order)

    def listen(self) -> list[tuple[Report, Files]]:
        """What was reported since; after a while, nothing."""
        try:
            heard = [self._outbox.get(timeout=_WAIT)]
        except queue.Empty:
            return []
        while not self._outbox.empty():
            heard.append(self._outbox.get())
        return heard


def changed(folder: Path, known: dict[str, tuple[int, int]]) -> Files:
    """The files in a folder that are not as they were.

    Args:
        folder: of a dream.
        known: when each was changed and how large it was; it is brought up to date.
    """
    now = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "lock" and ".part" not in path.suffixes:
            facts = path.stat()
            now[path.relative_to(folder).as_posix()] = (facts.st_mtime_ns, facts.st_size)
    files: Files = {name: None for name in known if name not in now}
    files |= {
        name: (folder / name).read_bytes()
        for name, facts in now.items()
        if known.get(name) != facts
    }
    known.clear()
    known.update(now)
    return files


def put_back(folder: Path, files: Files) -> None:
    """Bring a folder's files up to date; folders that have become empty go."""
    for name, data in files.items():
        path = folder / name
        if data is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            continue
        path.unlink(missing_ok=True)
        if path.parent != folder and path.parent.exists() and not any(path.parent.iterdir()):
            path.parent.rmdir()
