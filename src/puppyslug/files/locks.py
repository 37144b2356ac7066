"""File locks between processes; the system releases them when a process ends."""

import contextlib
from pathlib import Path

from filelock import FileLock, Timeout

_acquired: dict[Path, FileLock] = {}


def acquire(lock: Path) -> bool:
    """Acquire a lock without waiting, even if a terminated process left its file behind.

    Args:
        lock: the lock file; its folder must exist.

    Returns:
        Whether this process holds the lock now; False if another process holds it.

    Raises:
        OSError: the file cannot be written.
    """
    path = lock.resolve()
    previous = _acquired.pop(path, None)
    if previous is not None and path.exists():
        _acquired[path] = previous
        return True
    if previous is not None:  # the folder was deleted in the meantime
        previous.release()
    file_lock = FileLock(path, thread_local=False)
    try:
        file_lock.acquire(timeout=0)
    except Timeout:
        return False
    _acquired[path] = file_lock
    return True


def release(lock: Path) -> None:
    """Release a lock; does nothing if this process does not hold it."""
    file_lock = _acquired.pop(lock.resolve(), None)
    if file_lock is not None:
        file_lock.release()
        with contextlib.suppress(OSError):
            lock.unlink()
