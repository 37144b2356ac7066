"""One process at a time: a file that a process holds, and lets go of when it ends."""

import contextlib
from pathlib import Path

from filelock import FileLock, Timeout

_held: dict[Path, FileLock] = {}


def take(lock: Path) -> bool:
    """Take a lock, also one that its owner left behind.

    Args:
        lock: a file in a folder that is there.

    Returns:
        Whether it is ours now, or was already; False where another process holds it.

    Raises:
        OSError: the file cannot be written.
    """
    path = lock.resolve()
    own = _held.pop(path, None)
    if own is not None and path.exists():
        _held[path] = own
        return True
    if own is not None:  # its folder was removed meanwhile
        own.release()
    held = FileLock(path, thread_local=False)
    try:
        held.acquire(timeout=0)
    except Timeout:
        return False
    _held[path] = held
    return True


def release(lock: Path) -> None:
    """Let another process have a lock, which may not be ours at all."""
    own = _held.pop(lock.resolve(), None)
    if own is not None:
        own.release()
        with contextlib.suppress(OSError):
            lock.unlink()
