"""One process at a time: a file that says whose turn it is."""

import os
from pathlib import Path

import psutil


def take(lock: Path) -> bool:
    """Take a lock, also one that its owner left behind.

    Args:
        lock: a file in a folder that is there; it holds the number of the process that has it, and
            when that began, since numbers are given out again.

    Returns:
        Whether it is ours now; False where another process that runs has it.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        owner = lock.read_text()
    except FileNotFoundError:
        owner = ""
    own = _name(os.getpid())
    if owner == own:
        return True
    number = owner.partition(" ")[0]
    if number.isdecimal() and _name(int(number)) == owner:
        return False
    lock.unlink(missing_ok=True)
    try:
        with lock.open("x") as file:
            file.write(own)
    except FileExistsError:
        return False
    return True


def _name(number: int) -> str:
    """A process by its number and the time at which it began; empty where there is none."""
    try:
        return f"{number} {psutil.Process(number).create_time():.2f}"
    except (psutil.Error, ValueError, OverflowError):
        return ""
