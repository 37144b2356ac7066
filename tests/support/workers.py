"""Worker processes for tests of the pool: fake ones in threads, and a runner without torch."""

import os
import queue
import socket
import threading
from multiprocessing import Pipe

from puppyslug.studio.workers.protocol import JobControl, Task


class FakeProcess:
    """Stands in for a worker process: runs tasks in a thread, at the other end of a real pipe.

    Args:
        run: called with each task and its control, in the worker's thread.
    """

    def __init__(self, run):
        self.connection, self._worker_end = Pipe()
        self._run = run
        self._received = queue.SimpleQueue()
        self.exitcode = None
        self._reading = threading.Event()
        self._reading.set()
        threading.Thread(target=self._receive, daemon=True).start()
        threading.Thread(target=self._work, daemon=True).start()

    def is_alive(self):
        return self.exitcode is None

    def join(self, timeout=None):
        assert not self.is_alive()

    def kill(self):
        self.die(-15)

    def die(self, exitcode):
        """Close the connection, as the kernel does when a process ends."""
        self.exitcode = exitcode
        with socket.socket(fileno=os.dup(self._worker_end.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)

    def stop_reading(self):
        """Read one more message at most, as a process that is stopped reads none."""
        self._reading.clear()

    def send_bytes_of_a_message(self):
        """Send the header of a message of a megabyte, and nothing after it."""
        os.write(self._worker_end.fileno(), (1_000_000).to_bytes(4, "big") + b"x")

    def _receive(self):
        while True:
            try:
                self._received.put(self._worker_end.recv())
                if not self._reading.is_set():
                    return
            except (EOFError, OSError):
                return

    def _work(self):
        while True:
            task = self._received.get()
            if isinstance(task, Task):
                self._run(self, task, JobControl(self, self._received))

    def send(self, message):
        if self.is_alive():
            self._worker_end.send(message)


def create_reporting_runner(threads):
    """A ``RunnerFactory`` whose tasks report how they run; one titled ``wait`` waits for stop."""

    def run(task, control):
        control.emit("update", {"threads": threads, "niceness": os.nice(0)})
        while task.job.title == "wait" and not control.stopped:
            control.poll()
        control.emit("done")

    return run
