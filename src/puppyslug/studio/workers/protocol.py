"""What the server and its workers say to each other."""

import queue
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from puppyslug.studio.jobs.models import Dream


class Task(NamedTuple):
    """A dream to dream.

    Attributes:
        dream: which.
        folder: where its files are, and where the result goes.
        networks: where those are that were taught here.
    """

    dream: Dream
    folder: Path
    networks: Path


class Order(NamedTuple):
    """What a worker is told while it dreams.

    Attributes:
        what: steer, pause, resume, stop (and keep what is there) or cancel.
        changes: of settings, to steer by.
    """

    what: str
    changes: dict[str, Any] | None = None


class Report(NamedTuple):
    """What a worker says.

    Attributes:
        what: learnt (fields of the dream), progress, preview, refused (to steer), paused, resumed,
            done, failed or cancelled.
        data: what belongs to it.
    """

    what: str
    data: Any = None


class CancelledError(Exception):
    """The dream is not wanted any more."""


class Line(Protocol):
    """Whatever takes reports to the server."""

    def send(self, report: Report, /) -> None:
        """Take one along."""


class Controls:
    """The line to the server, as a dream sees it."""

    def __init__(self, connection: Line, inbox: "queue.SimpleQueue[Any]") -> None:
        """Take both ends of the line."""
        self._connection = connection
        self._inbox = inbox
        self.stopped = False

    def say(self, what: str, data: Any = None) -> None:
        """Report to the server."""
        self._connection.send(Report(what, data))

    def orders(self) -> list[Order]:
        """What one was told since; for whoever has it done elsewhere."""
        told: list[Order] = []
        while not self._inbox.empty():
            told.append(self._inbox.get())
        return told

    def obey(self) -> list[dict[str, Any]]:
        """Do as one is told; returns at once unless paused.

        Returns:
            Changes to steer by.

        Raises:
            CancelledError: the dream is not wanted any more.
        """
        changes: list[dict[str, Any]] = []
        paused = False
        while paused or not self._inbox.empty():
            order: Order = self._inbox.get()
            if order.what == "cancel":
                raise CancelledError
            if order.what == "steer":
                changes.append(order.changes or {})
            if order.what == "stop":
                self.stopped = True
            wanted = {"pause": True, "resume": False, "stop": False}.get(order.what, paused)
            if wanted != paused:
                paused = wanted
                self.say("paused" if paused else "resumed")
        return changes
