"""Files that appear whole or not at all."""

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from puppyslug.errors import OutputError


def check_place(path: Path, *, overwrite: bool) -> None:
    """Refuse early a file that could not be written later.

    Args:
        path: the file to be written.
        overwrite: whether it may exist already.

    Raises:
        OutputError: a folder that does not exist or cannot be written to, a file that exists.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist; make it first")
    if os.path.lexists(path) and not overwrite:
        raise OutputError(f"{path} exists; name another file or add --force")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".puppyslug-"):
            pass
    except OSError as error:
        raise OutputError(
            f"the folder {path.parent} cannot be written to: {error.strerror}"
        ) from error


def write_whole(path: Path, data: bytes | memoryview, *, overwrite: bool = True) -> None:
    """Write a file; it appears whole or not at all.

    Args:
        path: in a folder that is there.
        data: its bytes.
        overwrite: whether a file of that name may be replaced.

    Raises:
        OutputError: it cannot be written there: a full disk, or a file that exists.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".puppyslug-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _allow_reading(Path(name))
            _put_in_place(Path(name), path, overwrite=overwrite)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "; free some space" if error.errno == errno.ENOSPC else ""
        raise OutputError(f"{path} could not be written: {reason}{hint}") from error


def _allow_reading(path: Path) -> None:
    """Give a temporary file (private by default) the rights that any new file would have."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _put_in_place(temporary: Path, path: Path, *, overwrite: bool) -> None:
    """Move into place in one step; without ``overwrite``, even a file made meanwhile stays."""
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError as error:
        raise OutputError(f"{path} exists; name another file or add --force") from error
    except OSError:  # a file system without hard links
        temporary.replace(path)
