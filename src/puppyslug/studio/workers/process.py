"""A worker process: dreams one dream after the other, and obeys while it dreams.

It ends when its server is gone, leaves the processor to the page first, and is the first to go
where memory runs out.
"""

import contextlib
import os
import queue
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from puppyslug.studio.workers.protocol import Controls, Task

NICE = 15  # the page comes first
OOM_SCORE = 500  # of 1000: where memory runs out, the kernel ends a worker before the server


Dreams = Callable[[Task, Controls], None]
Start = Callable[[int | None], Dreams]  # with how many threads; None for all


def here(threads: int | None) -> Dreams:
    """Dream in this process."""
    import torch

    from puppyslug.studio.workers.dream_task import dream_task

    if threads is not None:
        torch.set_num_threads(threads)
    return dream_task


def work(connection: Connection, threads: int | None, start: Start = here) -> None:
    """Be a worker until the server hangs up.

    Args:
        connection: to the server; it sends Tasks and, while one is dreamt, Orders.
        threads: of the processor to use; None for all.
        start: gets ready, and gives what has a task dreamt.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to answer
    _step_back()
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), daemon=True).start()
    dream = start(threads)
    while True:
        task = inbox.get()
        if isinstance(task, Task):  # else an order that came too late
            dream(task, Controls(connection, inbox))


def _listen(connection: Connection, inbox: "queue.SimpleQueue[Any]") -> None:
    while True:
        try:
            inbox.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)  # whatever is being dreamt


def _step_back() -> None:
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
