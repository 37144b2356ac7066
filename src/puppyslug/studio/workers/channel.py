"""The server's end of the connection to a worker: no call blocks, whatever the worker does."""

import queue
import threading
from multiprocessing.connection import Connection
from typing import Any

MAX_PENDING = 100  # messages that the worker has not received yet


class WorkerChannel:
    """A connection whose messages are sent and received by two threads.

    A worker may stop reading, or stop in the middle of a message; then these threads wait, and no
    other. They end with the worker's process.
    """

    def __init__(self, connection: Connection) -> None:
        """Start to send and receive over a connection."""
        self._connection = connection
        self._outgoing: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._incoming: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for run in (self._send_all, self._receive_all):
            threading.Thread(target=run, daemon=True).start()

    def send(self, message: object) -> bool:
        """Queue a message to the worker; False if too many are pending, as of a hung worker."""
        if self._outgoing.qsize() >= MAX_PENDING:
            return False
        self._outgoing.put(message)
        return True

    def receive(self, timeout: float) -> Any:
        """Return the next message of the worker; None if there is none within the timeout.

        Raises:
            EOFError: the worker's process has ended.
        """
        try:
            message = self._incoming.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(message, EOFError):
            self._incoming.put(message)  # for further calls
            raise message
        return message

    def _send_all(self) -> None:
        while (message := self._outgoing.get()) is not None:
            try:
                self._connection.send(message)
            except (OSError, ValueError):  # the process has ended
                return

    def _receive_all(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except Exception:  # the other end is closed, possibly in the middle of a message
                self._incoming.put(EOFError("the worker has ended"))
                self._outgoing.put(None)
                return
            self._incoming.put(message)
