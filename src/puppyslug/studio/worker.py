"""A worker process: dreams one dream after the other, and obeys while it dreams.

It ends when its server is gone, leaves the processor to the page first, and is the first to go
where memory runs out.
"""

import contextlib
import os
import queue
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from puppyslug.studio.messages import Controls, Task

NICE = 15  # the page comes first
OOM_SCORE = 500  # of 1000: where memory runs out, the kernel ends a worker before the server


def work(connection: Connection, threads: int | None) -> None:
    """Be a worker until the server hangs up.

    Args:
        connection: to the server; it sends Tasks and, while one is dreamt, Orders.
        threads: of the processor to use; None for all.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to answer
    _step_back()
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), daemon=True).start()
    import torch

    from puppyslug.studio.tasks import dream_task

    if threads is not None:
        torch.set_num_threads(threads)
    while True:
        task = inbox.get()
        if isinstance(task, Task):  # else an order that came too late
            dream_task(task, Controls(connection, inbox))


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
