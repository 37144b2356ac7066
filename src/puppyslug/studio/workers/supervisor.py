"""The server's side of one worker: a thread that starts its process and sends it jobs."""

import contextlib
import logging
import sqlite3
import threading
import time
from typing import Any

from puppyslug.recipe.schedule import STEP_FIELDS, check_change_count
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import THUMBNAIL_FILE, enforce_quota
from puppyslug.studio.jobs.models import Job, JobProgress, Status
from puppyslug.studio.workers.channel import WorkerChannel
from puppyslug.studio.workers.pool_context import PoolContext, WorkerProcess
from puppyslug.studio.workers.protocol import Command, Message, Task
from puppyslug.studio.workers.turn import JobTurn

log = logging.getLogger(__name__)

CANCEL_TIMEOUT = 0.5  # seconds until a worker that does not react to cancel is killed
STOP_TIMEOUT = 60.0  # seconds to write the result after the time limit
RETRY_AFTER = 5  # seconds
MAX_ATTEMPTS = 2  # of a film whose worker dies
WAITING_STAGE = "waiting for other jobs"
_POLL_INTERVAL = 0.1  # seconds
_OUT_OF_MEMORY = -9  # exit code of a process that the kernel killed
_FINAL_STATUS = {
    "done": Status.DONE,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
}


class WorkerSupervisor:
    """A thread that takes jobs from the queue, and has them processed by a worker process.

    A process that dies is replaced before the next job.
    """

    def __init__(self, context: PoolContext, *, is_spare: bool = False) -> None:
        """Create a supervisor; ``thread`` is not started yet.

        Args:
            context: what it shares with the others.
            is_spare: whether its process starts with its first job, not before.
        """
        self._context = context
        self._is_spare = is_spare
        self._turn: JobTurn | None = None  # of the current job
        self._store, self._hub = context.store, context.hub
        self._process: WorkerProcess | None = None
        self._channel: WorkerChannel | None = None
        self._lock = threading.Lock()  # guards the current job; nobody waits while holding it
        self._job_id: str | None = None
        self._cancelled_at: float | None = None
        self._changes = 0  # of the current job's schedule, with those that are still on their way
        self._unstored: dict[str, Any] = {}  # fields of the current job, after a full disk
        self._notice = ""  # for the user, about the current job
        self.thread = threading.Thread(target=self._run, daemon=True)

    def send(self, job_id: str, command: Command) -> bool:
        """Send a command to the worker, without waiting for it.

        Returns:
            False if the worker is not processing this job.

        Raises:
            HTTPError: the worker does not receive messages.
            RecipeError: the dream has been changed too often.
        """
        with self._lock:
            if self._job_id != job_id or self._channel is None:
                return False
            if command.name == "cancel":
                self._cancelled_at = time.monotonic()
            changes = len(STEP_FIELDS & (command.changes or {}).keys())
            check_change_count(self._changes + changes if changes else 0)
            self._check_pause(command)
            sent = not self._needs(command) or self._channel.send(command)
            if not sent and command.name != "cancel":  # a cancelled job's worker is killed
                raise HTTPError(
                    503,
                    "the worker of that job does not respond; cancel the job, or try again later",
                    retry_after=RETRY_AFTER,
                )
            self._changes += changes
            return True

    def _check_pause(self, command: Command) -> None:
        limit = self._context.limits.paused
        if command.name == "pause" and len(self._store.with_status(Status.PAUSED)) >= limit:
            raise HTTPError(409, f"{limit} dreams are paused already; resume or stop one of them")

    def _needs(self, command: Command) -> bool:
        """Return whether the worker needs a command of the user now."""
        turn = self._turn
        if turn is None or turn.handle(command):
            return True
        assert self._job_id is not None
        status = Status.PAUSED if turn.is_paused else Status.RUNNING
        self._store.update(self._job_id, if_status=(Status.PAUSED, Status.RUNNING), status=status)
        self._show_turn(self._job_id, turn)
        return False

    def _show_turn(self, job_id: str, turn: JobTurn) -> None:
        """Notify of a job that is parked; its progress says so if it waits for others."""
        if turn.waits_for_others:
            progress = self._hub.progress(job_id) or JobProgress()
            waiting = {"stage": WAITING_STAGE, "seconds_left": None}
            self._hub.update(job_id, progress=progress.model_copy(update=waiting))
        self._hub.notify()

    def kill(self) -> None:
        """Kill the process if it is running."""
        process = self._process
        if process is not None and process.is_alive():
            process.kill()

    def _run(self) -> None:
        slots = self._context.slots
        while not self._context.closing.is_set():
            job = None
            if slots.retire():
                self._kill_and_wait()
                return
            try:
                if not self._is_spare or self._store.count_queued():
                    self._is_spare = False
                    self._ensure_process()
                    job = self._start_next() if slots.take() else None
                if job is None:
                    slots.wait(timeout=1.0)
                    continue
                self._process_job(job)
            except Exception as error:  # keep the thread alive for the next job
                log.exception("a worker's supervisor failed")
                self._kill_and_wait()  # its messages are no longer read
                self._fail(job, error)

    def _start_next(self) -> Job | None:
        """Return the next job, which has a slot.

        Returns:
            None if there is none, or if it cannot be marked as running yet.
        """
        job = None
        try:
            job = self._store.start_next()
        except sqlite3.OperationalError as error:  # the disk is full
            log.warning("cannot start the next job: %s", error)
        finally:
            if job is None:
                self._context.slots.give_up()
        return job

    def _fail(self, job: Job | None, error: Exception) -> None:
        """Mark a job as failed, retrying until that can be written."""
        while job is not None and not self._context.closing.wait(timeout=1.0):
            try:
                self._finish(job.id, Status.FAILED, error=f"internal error: {error}; see the log")
            except Exception:  # such as a full disk, until the user frees space
                continue
            return

    def _ensure_process(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        process, connection = self._context.launch()
        with self._lock:
            self._process, self._channel = process, WorkerChannel(connection)

    def _process_job(self, job: Job) -> None:
        """Send a job to the process, and handle its messages until the job has ended."""
        assert self._channel is not None
        channel = self._channel
        limits, folder = self._context.limits, self._context.folder
        self._hub.update(job.id, progress=JobProgress(stage="starting"))
        start = time.monotonic()
        self._notice = ""
        turn = self._create_turn(job, channel)
        try:
            with self._lock:
                self._job_id, self._cancelled_at, self._turn = job.id, None, turn
                self._unstored = {}
                self._changes = len(job.recipe.get("schedule", ()))
                channel.send(Task(job, folder.job_folder(job.id), folder.networks))
            while not self._receive(job.id, channel):
                turn.update()
                now = time.monotonic()
                deadline = start + limits.seconds + turn.waited
                if self._cancelled_at is not None and now > self._cancelled_at + CANCEL_TIMEOUT:
                    self._kill_and_wait()
                    self._finish(job.id, Status.CANCELLED)
                    return
                if now > deadline and not self._notice:
                    self._notice = f"stopped after {limits.seconds:.0f} s, the time limit"
                    self.send(job.id, Command("stop"))
                if now > deadline + STOP_TIMEOUT:
                    self._kill_and_wait()
                    self._keep_preview(job.id)
                    error = f"exceeded the time limit of {limits.seconds:.0f} s"
                    self._finish(job.id, Status.FAILED, error=error)
                    return
        finally:
            with self._lock:
                self._job_id = self._turn = None
            turn.end()
            self._hub.discard(job.id)

    def _create_turn(self, job: Job, channel: WorkerChannel) -> JobTurn:
        context = self._context
        return JobTurn(
            context.slots,
            channel,
            has_shorter_jobs=None if job.is_short else self._store.has_queued_pictures,
            add_worker=context.add_worker,
        )

    def _receive(self, job_id: str, channel: WorkerChannel) -> bool:
        """Wait briefly for a message and handle it; return whether the job has ended."""
        try:
            message = channel.receive(_POLL_INTERVAL)
        except EOFError:
            self._handle_death(job_id)
            return True
        if message is None:
            return False
        assert isinstance(message, Message)
        status = _FINAL_STATUS.get(message.kind)
        if status is not None:
            self._finish(job_id, status, error=message.data or "")
            return True
        self._handle(job_id, message)
        return False

    def _handle(self, job_id: str, message: Message) -> None:
        match message.kind:
            case "update":
                self._update(job_id, **message.data)
                self._hub.update(job_id, refusal="")
            case "progress":
                self._hub.update(job_id, progress=message.data)
            case "preview":
                self._hub.update(job_id, preview=message.data)
            case "rejected":
                self._hub.update(job_id, refusal=message.data)
            case "paused":
                assert self._turn is not None
                self._turn.park()
                if self._turn.is_paused:
                    self._update(job_id, status=Status.PAUSED)
                self._show_turn(job_id, self._turn)
            case "resumed":
                self._update(job_id, status=Status.RUNNING)
                self._hub.notify()
            case kind:
                raise ValueError(f"unknown message kind {kind!r}")

    def _update(self, job_id: str, **fields: Any) -> None:
        """Store what a job has reported; on a full disk, keep it for later."""
        self._unstored |= fields
        try:
            self._store.update_on_full_disk(job_id, **self._unstored)
        except sqlite3.OperationalError as error:
            log.warning("cannot store the state of a job yet: %s", error)
        else:
            self._unstored = {}

    def _handle_death(self, job_id: str) -> None:
        """Decide what happens to the job of a process that has died."""
        if self._context.closing.is_set():
            return  # the job stays marked as running, and resumes after a restart
        if self._cancelled_at is not None:
            self._finish(job_id, Status.CANCELLED)
            return
        self._keep_preview(job_id)
        assert self._process is not None
        self._process.join(timeout=5)
        code = self._process.exitcode
        job = self._store.get(job_id)
        if job is not None and job.kind == "zoom" and job.attempts < MAX_ATTEMPTS:
            self._store.update(job_id, status=Status.QUEUED)  # its frames are kept
            return
        reason = "probably out of memory" if code == _OUT_OF_MEMORY else f"exit code {code}"
        remedy = (
            "use fewer or smaller pictures" if job and job.is_training else "choose a smaller size"
        )
        error = f"the worker process ended unexpectedly ({reason}); {remedy}"
        self._finish(job_id, Status.FAILED, error=error)

    def _keep_preview(self, job_id: str) -> None:
        """Keep the latest preview of a dream whose worker can no longer save the picture."""
        preview = self._hub.preview(job_id)
        folder = self._context.folder.job_folder(job_id)
        if preview and folder.is_dir():
            with contextlib.suppress(OSError):
                (folder / THUMBNAIL_FILE).write_bytes(preview)

    def _kill_and_wait(self) -> None:
        self.kill()
        if self._process is not None:
            self._process.join(timeout=5)

    def _finish(self, job_id: str, status: Status, *, error: str = "") -> None:
        folder = self._context.folder
        job = self._store.get(job_id)
        if job is None:
            return
        job = job.model_copy(update=self._unstored)
        notices = [self._notice] if self._notice else []
        self._update(
            job_id,
            status=status,
            ended=time.time(),
            error=error,
            notices=job.notices + notices,
            bytes=job.bytes if job.is_training else folder.size(job_id),
        )
        while self._unstored and not self._context.closing.wait(timeout=1.0):
            self._update(job_id)  # until the user has made room
        enforce_quota(self._store, folder, self._context.limits.keep)
