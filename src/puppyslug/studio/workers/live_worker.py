"""The server's side of the process that dreams live: one camera at a time."""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.workers.channel import WorkerChannel
from puppyslug.studio.workers.live_process import run_live
from puppyslug.studio.workers.live_protocol import (
    Change,
    Dreamt,
    Dropped,
    Frame,
    Record,
    Recorded,
    Rejected,
    Start,
)
from puppyslug.studio.workers.service_process import ServiceProcess

IDLE_SECONDS = 300.0  # after which the process ends
POLL_SECONDS = 0.05
RATE_FRAMES = 20  # over which the frame rate is averaged


class LiveStatus(NamedTuple):
    """How a stream is doing.

    Attributes:
        fps: dreamt frames per second.
        latency: milliseconds that the latest frame took in the process.
        side, octaves, steps: how it was dreamt.
        dropped: number of frames that were left out because newer ones came.
        invalid: number of frames that are no pictures.
        restarts: number of times that the process had to be replaced.
    """

    fps: float = 0.0
    latency: float = 0.0
    side: int = 0
    octaves: int = 0
    steps: int = 0
    dropped: int = 0
    invalid: int = 0
    restarts: int = 0


class LiveSession:
    """A camera that is being dreamt. Its methods may be called from any thread.

    Attributes:
        owner: id of the browser whose camera it is.
        status: how it is doing.
        number: number of frames that were dreamt so far.
        latest: the latest frame's name and JPEG; None before the first.
        source: JPEG of the camera's frame that it was dreamt of; untrusted.
        recipe: fields of the current recipe.
        events: what the browser has to know besides frames.
    """

    def __init__(self, worker: "LiveWorker", owner: str, start: Start) -> None:
        """Start to dream; frames follow with ``offer``."""
        self.owner, self.status, self.number = owner, LiveStatus(), 0
        self.latest: tuple[bytes, bytes] | None = None
        self.source = b""
        self.recipe: dict[str, Any] = {}
        self.events: deque[Rejected | Recorded] = deque()
        self.is_closed = False
        self._worker, self._start = worker, start
        self._lock = threading.Lock()
        self._channel: WorkerChannel | None = None
        self._pending: Frame | None = None
        self._sent: Frame | None = None
        self._times: deque[float] = deque(maxlen=RATE_FRAMES)
        self._listeners: list[Callable[[], object]] = []
        self._recording = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def listen(self, listener: Callable[[], object]) -> None:
        """Have a function called, in another thread, whenever something is new."""
        self._listeners.append(listener)

    def offer(self, frame: Frame) -> None:
        """Have a frame dreamt, unless a newer one comes before the process is ready."""
        with self._lock:
            if self._pending is not None:
                self.status = self.status._replace(dropped=self.status.dropped + 1)
            self._pending = frame
            self._send_pending()

    def count_invalid(self) -> None:
        """Count a frame that was not even sent to the process."""
        self.status = self.status._replace(invalid=self.status.invalid + 1)

    def change(self, settings: dict[str, Any]) -> None:
        """Change the look."""
        with self._lock:
            self._start = self._start._replace(settings=_merge(self._start.settings, settings))
            if self._channel is not None:
                self._channel.send(Change(settings))

    def record(self, folder: Path | None) -> None:
        """Start a recording in a folder, or stop it; then ``events`` gets a ``Recorded``."""
        with self._lock:
            self._recording = folder is not None
            if self._channel is None or not self._channel.send(Record(folder)):
                self._recording = False
                self.events.append(Recorded(0, (0, 0), "the worker is starting; try again"))

    def close(self) -> None:
        """End the stream; the process stays for the next one."""
        self.is_closed = True
        self._thread.join(timeout=5)
        self._worker.release(self)
        self._notify()

    def _run(self) -> None:
        while not self.is_closed:
            channel = self._worker.connect()
            with self._lock:
                self._channel, self._sent = channel, None
                channel.send(self._start)
                self._send_pending()
            try:
                while not self.is_closed:
                    message = channel.receive(POLL_SECONDS)
                    if message is not None:
                        self._handle(message)
            except EOFError:
                self._recover()

    def _recover(self) -> None:
        """Replace a process that has died; the look stays."""
        with self._lock:
            self._channel = None
            self.status = self.status._replace(restarts=self.status.restarts + 1)
            if self._recording:
                self._recording = False
                self.events.append(Recorded(0, (0, 0), "the worker ended; record again"))
        self._notify()

    def _handle(self, message: object) -> None:
        with self._lock:
            if isinstance(message, Dreamt | Dropped):
                sent = self._sent
                if sent is None or sent.name != message.name:
                    return  # of the session before
                self._sent = None
                if isinstance(message, Dreamt):
                    self._publish(message, sent)
                else:
                    name = "invalid" if message.is_invalid else "dropped"
                    count = getattr(self.status, name) + 1
                    self.status = self.status._replace(**{name: count})
                self._send_pending()
            elif isinstance(message, Rejected | Recorded):
                self.events.append(message)
        self._notify()

    def _publish(self, dreamt: Dreamt, sent: Frame) -> None:
        self.number += 1
        self.latest = dreamt.name, dreamt.jpeg
        self.source = sent.jpeg
        self.recipe = dreamt.recipe or self.recipe
        self._times.append(time.monotonic())
        elapsed = self._times[-1] - self._times[0]
        side, octaves, steps = dreamt.level
        self.status = self.status._replace(
            fps=round((len(self._times) - 1) / elapsed, 1) if elapsed else 0.0,
            latency=round(1000 * dreamt.seconds),
            side=side,
            octaves=octaves,
            steps=steps,
        )

    def _send_pending(self) -> None:
        """Send the newest frame if the process is ready for one."""
        if self._sent is None and self._pending is not None and self._channel is not None:
            self._sent, self._pending = self._pending, None
            self._channel.send(self._sent)

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def _merge(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a stream that starts again after changes."""
    objectives = {"objective", "layer", "channel", "strongest", "see"}
    dropped = objectives if objectives & changes.keys() else set()
    kept = {name: value for name, value in settings.items() if name not in dropped}
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


class LiveWorker:
    """The process that dreams live, and the session that uses it."""

    def __init__(self, networks: Path) -> None:
        """Create a worker; its process starts with the first session.

        Args:
            networks: folder of the trained networks.
        """
        self._process = ServiceProcess("puppyslug-live", run_live, networks)
        self._lock = threading.Lock()
        self._channel: WorkerChannel | None = None
        self._connection: object = None
        self._idle: threading.Timer | None = None
        self.session: LiveSession | None = None

    def open(self, owner: str, start: Start) -> LiveSession:
        """Start a session.

        Raises:
            HTTPError: another camera is being dreamt.
        """
        with self._lock:
            if self.session is not None:
                raise HTTPError(
                    409, "another camera is live in this studio; close that page, or wait for it"
                )
            if self._idle is not None:
                self._idle.cancel()
            self.session = LiveSession(self, owner, start)
            return self.session

    def release(self, session: LiveSession) -> None:
        """Let another session use the process."""
        with self._lock:
            if self.session is not session:
                return
            self.session = None
            self._idle = threading.Timer(IDLE_SECONDS, self._end_idle)
            self._idle.daemon = True
            self._idle.start()

    def connect(self) -> WorkerChannel:
        """Return the channel to the process, which is started if it does not run."""
        connection = self._process.connect()
        if self._channel is None or connection is not self._connection:
            self._channel, self._connection = WorkerChannel(connection), connection
        return self._channel

    def close(self) -> None:
        """End the session and the process."""
        session = self.session
        if session is not None:
            session.close()
        if self._idle is not None:
            self._idle.cancel()
        self._process.end()

    def _end_idle(self) -> None:
        with self._lock:
            if self.session is None:
                self._process.end()
