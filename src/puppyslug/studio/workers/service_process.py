"""A process that computes something for the server, one request after the other."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess


class ServiceProcess:
    """A process that starts when it is first needed, and again after it has ended.

    Its methods are not thread-safe, except ``kill``.
    """

    def __init__(self, name: str, target: Callable[..., None], *arguments: object) -> None:
        """Describe the process; ``connect`` starts it.

        Args:
            name: of the process.
            target: its main function, whose first argument is the connection to the server.
            arguments: the other arguments.
        """
        self._name, self._target, self._arguments = name, target, arguments
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def connect(self) -> Connection:
        """Return the connection to the process, which is started if it does not run."""
        if self._connection is None or self._process is None or not self._process.is_alive():
            self.end()
            context = multiprocessing.get_context("spawn")
            self._connection, child_end = context.Pipe()
            self._process = context.Process(
                target=self._target,
                args=(child_end, *self._arguments),
                name=self._name,
                daemon=True,
            )
            self._process.start()
            child_end.close()
        return self._connection

    def kill(self) -> None:
        """Kill the process; who waits for its answer gets an EOFError."""
        process = self._process  # ``end`` may forget it in another thread
        if process is not None:
            process.kill()

    def end(self) -> None:
        """Kill the process, and wait until it has ended."""
        self.kill()
        if self._process is not None:
            self._process.join(timeout=5)
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None
