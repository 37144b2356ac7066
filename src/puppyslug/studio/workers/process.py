"""The main function of a worker process: it runs one task after the other.

A worker exits when its server is gone. It has a lower CPU priority than the server, and the kernel
kills it first when memory runs out.
"""

import contextlib
import os
import queue
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from puppyslug.networks.threads import configure_threads
from puppyslug.studio.workers.protocol import JobControl, Task
from puppyslug.studio.workers.runner import RunnerFactory, create_local_runner

NICENESS = 15  # the server has priority
OOM_SCORE = 500  # of 1000: the kernel kills a worker before the server


def run_worker(
    connection: Connection, threads: int | None, create_runner: RunnerFactory = create_local_runner
) -> None:
    """Process tasks until the server closes the connection.

    Args:
        connection: connection to the server, which sends Tasks and Commands.
        threads: number of threads to compute with; None for all cores.
        create_runner: initialises the process, and returns the function that runs a task.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server handles Ctrl-C
    _lower_priority()
    configure_threads()  # before the runner imports torch
    received: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, received), daemon=True).start()
    run = create_runner(threads)
    while True:
        task = received.get()
        if isinstance(task, Task):  # anything else is a late command for the previous job
            run(task, JobControl(connection, received))


def _receive(connection: Connection, received: "queue.SimpleQueue[Any]") -> None:
    while True:
        try:
            received.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)  # the server is gone: exit even in the middle of a job


def _lower_priority() -> None:
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
