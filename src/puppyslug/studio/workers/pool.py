"""The server's side of its workers: one thread each, which hands out dreams and listens."""

import contextlib
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from puppyslug.studio.jobs.models import Dream, Progress, Status
from puppyslug.studio.jobs.progress_hub import Live
from puppyslug.studio.jobs.storage import Folder, keep_within
from puppyslug.studio.jobs.store import Store
from puppyslug.studio.limits import Limits
from puppyslug.studio.workers.process import Start, here, work
from puppyslug.studio.workers.protocol import Order, Report, Task

log = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds that a worker has to obey before it is ended
STOPPING = 60.0  # seconds to write what is there, once a dream's time is over
ATTEMPTS = 2  # that a dream has where its worker dies


class Workers:
    """All workers of a studio."""

    def __init__(
        self,
        count: int,
        store: Store,
        folder: Folder,
        live: Live,
        limits: Limits,
        begin: Start = here,
    ) -> None:
        """Prepare; nothing runs before ``start``.

        Args:
            count: how many workers there are.
            store: knows the dreams.
            folder: has their files.
            live: is told what happens.
            limits: of a dream.
            begin: how a worker gets ready; it is sent to the worker's process.
        """
        self.closing = threading.Event()
        self.work = threading.Condition()
        self.begin = begin
        self.store, self.folder, self.live, self.limits = store, folder, live, limits
        cores = os.cpu_count() or 1
        self.threads = None if count == 1 else max(1, cores // count)
        self._workers = [_Worker(self) for _ in range(count)]

    def start(self) -> None:
        """Start all workers."""
        for worker in self._workers:
            worker.thread.start()

    def close(self) -> None:
        """End all workers, whatever they do."""
        self.closing.set()
        self.wake()
        for worker in self._workers:
            worker.end_process()
        for worker in self._workers:
            worker.thread.join(timeout=10)

    def wake(self) -> None:
        """Say that there is work."""
        with self.work:
            self.work.notify_all()
        self.live.tell()

    def order(self, identity: str, order: Order) -> bool:
        """Tell the worker that has a dream; False where none has it."""
        return any(worker.order(identity, order) for worker in self._workers)


class _Worker:
    """One worker: a thread of the server, and the process that it looks after."""

    def __init__(self, workers: Workers) -> None:
        self._all = workers
        self._store, self._live = workers.store, workers.live
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._lock = threading.Lock()  # of the connection's sending end, and of the dream
        self._dream: Dream | None = None
        self._cancelled_at: float | None = None
        self._note = ""  # what the dream's people should know
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def order(self, identity: str, order: Order) -> bool:
        with self._lock:
            if self._dream is None or self._dream.id != identity:
                return False
            if order.what == "cancel":
                self._cancelled_at = time.monotonic()
            assert self._connection is not None
            with contextlib.suppress(OSError):  # it has died, which is noticed elsewhere
                self._connection.send(order)
            return True

    def end_process(self) -> None:
        process = self._process
        if process is not None and process.is_alive():
            process.kill()

    def _serve(self) -> None:
        while not self._all.closing.is_set():
            dream = None
            try:
                self._ready()
                dream = self._store.take()
                if dream is None:
                    with self._all.work:
                        self._all.work.wait(timeout=1.0)
                    continue
                self._attend(dream)
            except Exception as error:  # whatever it was, the next dream is waiting
                log.exception("a worker's thread failed")
                self._kill()  # what it still dreams of is nobody's any more
                self._give_up(dream, error)

    def _give_up(self, dream: Dream | None, error: Exception) -> None:
        """Have a dream fail, as soon as that can be written."""
        while dream is not None and not self._all.closing.wait(timeout=1.0):
            try:
                self._end(dream.id, Status.FAILED, error=f"the studio failed at it: {error}")
            except Exception:  # such as a disk that is full: somebody may make room
                continue
            return

    def _ready(self) -> None:
        """Make sure that there is a process, and that it listens."""
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        own, other = context.Pipe()
        self._process = context.Process(
            target=work,
            args=(other, self._all.threads, self._all.begin),
            name="puppyslug-worker",
            daemon=True,
        )
        self._process.start()
        other.close()
        with self._lock:
            self._connection = own

    def _attend(self, dream: Dream) -> None:
        """Have a dream dreamt, to whatever end."""
        assert self._connection is not None
        connection = self._connection
        self._live.update(dream.id, progress=Progress(stage="starting"))
        deadline = time.monotonic() + self._all.limits.seconds
        told, self._note = False, ""
        try:
            with self._lock:
                self._dream, self._cancelled_at = dream, None
                folder = self._all.folder
                connection.send(Task(dream, folder.of(dream.id), folder.networks))
            while not self._ended(dream.id, connection):
                now = time.monotonic()
                if self._cancelled_at is not None and now > self._cancelled_at + PATIENCE:
                    self._kill()
                    self._end(dream.id, Status.CANCELLED)
                    return
                if now > deadline and not told:
                    told = True
                    self._note = f"stopped after {self._all.limits.seconds:.0f} s, the limit here"
                    self.order(dream.id, Order("stop"))
                if now > deadline + STOPPING:
                    self._kill()
                    self._end(dream.id, Status.FAILED, error="it took longer than is allowed here")
                    return
        finally:
            with self._lock:
                self._dream = None
            self._live.end(dream.id)

    def _ended(self, identity: str, connection: Connection) -> bool:
        """Listen for a while; whether that was the last of a dream."""
        try:
            if not connection.poll(0.1):
                return False
            report: Report = connection.recv()
        except (EOFError, OSError):  # its end of the line is closed: it has died
            self._died(identity)
            return True
        ending = _ENDINGS.get(report.what)
        if ending is not None:
            self._end(identity, ending, error=report.data or "")
            return True
        _HEARD[report.what](self, identity, report.data)
        return False

    def _died(self, identity: str) -> None:
        """A worker is gone in the middle of a dream."""
        if self._all.closing.is_set():
            return  # the dream stays as running, and goes on with the next start
        if self._cancelled_at is not None:
            self._end(identity, Status.CANCELLED)
            return
        assert self._process is not None
        self._process.join(timeout=5)
        code = self._process.exitcode
        dream = self._store.get(identity)
        if dream is not None and dream.kind == "zoom" and dream.attempts < ATTEMPTS:
            self._store.change(identity, status=Status.QUEUED)  # its frames are kept
            return
        reason = "the machine ran out of memory, most likely" if code == -9 else f"exit {code}"
        fewer = "fewer or smaller pictures" if dream and dream.lesson else "a smaller size"
        error = f"the worker that had it ended unexpectedly ({reason}); take {fewer}"
        self._end(identity, Status.FAILED, error=error)

    def _kill(self) -> None:
        self.end_process()
        if self._process is not None:
            self._process.join(timeout=5)

    def _end(self, identity: str, status: Status, *, error: str = "") -> None:
        folder = self._all.folder
        dream = self._store.get(identity)
        if dream is None:
            return
        noted = [self._note] if self._note else []
        self._store.change(
            identity,
            status=status,
            ended=time.time(),
            error=error,
            notices=dream.notices + noted,
            bytes=folder.size(identity) if dream.lesson is None else dream.bytes,
        )
        keep_within(self._store, folder, self._all.limits.keep)

    def heard_learnt(self, identity: str, fields: dict[str, Any]) -> None:
        self._store.change(identity, **fields)
        self._live.update(identity, refusal="")

    def heard_progress(self, identity: str, progress: Progress) -> None:
        self._live.update(identity, progress=progress)

    def heard_preview(self, identity: str, preview: bytes) -> None:
        self._live.update(identity, preview=preview)

    def heard_refused(self, identity: str, reason: str) -> None:
        self._live.update(identity, refusal=reason)

    def heard_paused(self, identity: str, _: None) -> None:
        self._store.change(identity, status=Status.PAUSED)
        self._live.tell()

    def heard_resumed(self, identity: str, _: None) -> None:
        self._store.change(identity, status=Status.RUNNING)
        self._live.tell()


_ENDINGS = {"done": Status.DONE, "failed": Status.FAILED, "cancelled": Status.CANCELLED}
_HEARD: dict[str, Callable[[_Worker, str, Any], None]] = {
    "learnt": _Worker.heard_learnt,
    "progress": _Worker.heard_progress,
    "preview": _Worker.heard_preview,
    "refused": _Worker.heard_refused,
    "paused": _Worker.heard_paused,
    "resumed": _Worker.heard_resumed,
}
