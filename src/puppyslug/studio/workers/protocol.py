"""Messages between the server and its workers."""

import queue
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from puppyslug.studio.jobs.models import Job


class Task(NamedTuple):
    """A job for a worker.

    Attributes:
        job: the stored job.
        folder: the job's folder, with its input files; results are written here.
        networks: folder of the studio's trained networks.
    """

    job: Job
    folder: Path
    networks: Path


class Command(NamedTuple):
    """A message from the server to a worker that is processing a job.

    Attributes:
        name: steer, pause, resume, stop (ending with the result so far) or cancel.
        changes: for steer, recipe fields and their new values.
    """

    name: str
    changes: dict[str, Any] | None = None


class Message(NamedTuple):
    """A message from a worker to the server.

    Attributes:
        kind: update (fields of the job), progress, preview, rejected (a change, and why), paused,
            resumed, done, failed or cancelled.
        data: payload, depending on the kind.
    """

    kind: str
    data: Any = None


class JobCancelledError(Exception):
    """The job has been cancelled."""


class MessageSink(Protocol):
    """Anything that transports messages to the server, such as a ``Connection``."""

    def send(self, message: Message, /) -> None:
        """Send a message."""


class JobControl:
    """A running job's channel to the server: it emits messages and polls for commands.

    Attributes:
        stopped: whether the job was told to stop and keep its result so far.
    """

    def __init__(self, sink: MessageSink, commands: "queue.SimpleQueue[Any]") -> None:
        """Create a channel from a sink for messages and a queue of received commands."""
        self._sink = sink
        self._commands = commands
        self.stopped = False

    def emit(self, kind: str, data: Any = None) -> None:
        """Send a message to the server."""
        self._sink.send(Message(kind, data))

    def drain(self) -> list[Command]:
        """Return the commands received so far without executing them, to forward them."""
        commands: list[Command] = []
        while not self._commands.empty():
            commands.append(self._commands.get())
        return commands

    def poll(self) -> list[dict[str, Any]]:
        """Execute the commands received so far; block while the job is paused.

        Returns:
            The requested changes, in order.

        Raises:
            JobCancelledError: the job has been cancelled.
        """
        changes: list[dict[str, Any]] = []
        paused = False
        while paused or not self._commands.empty():
            command: Command = self._commands.get()
            if command.name == "cancel":
                raise JobCancelledError
            if command.name == "steer":
                changes.append(command.changes or {})
            if command.name == "stop":
                self.stopped = True
            pause = {"pause": True, "resume": False, "stop": False}.get(command.name, paused)
            if pause != paused:
                paused = pause
                self.emit("paused" if paused else "resumed")
        return changes
