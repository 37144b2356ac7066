"""Disk space that a studio keeps, so that something can still be written on a full disk."""

import contextlib
import os
from pathlib import Path

RESERVE_BYTES = 2_000_000


class DiskReserve:
    """A file without meaning, deleted when its space is needed and written again afterwards."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Reserve disk space, if there is some.

        Args:
            path: the file.
            size: its size in bytes.
        """
        self._path, self._size = path, size
        self.fill()

    def free(self) -> bool:
        """Free the space; return whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def fill(self) -> None:
        """Reserve the space again, if it was freed and there is enough."""
        if self._path.exists():
            return
        try:
            # random, since some file systems store zeros in no space
            self._path.write_bytes(os.urandom(self._size))
        except OSError:
            with contextlib.suppress(OSError):
                self._path.unlink()
