"""One process at a time: a file that says whose turn it is."""

import os
from pathlib import Path

import psutil


def take(lock: Path) -> bool:
    """Take a lock, also one that its owner left behind.

    Args:
        lock: a file in a folder that is there; it holds the number of the process that has it.

    Returns:
        Whether it is ours now; False where another process that runs has it.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        owner = int(lock.read_text() or 0)
    except (FileNotFoundError, ValueError):
        owner = 0
    if owner == os.getpid():
        return True
    if owner and psutil.pid_exists(owner):
        return False
    lock.unlink(missing_ok=True)
    try:
        with lock.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True
