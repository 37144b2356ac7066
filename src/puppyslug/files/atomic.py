"""Atomic writes: a file appears complete or not at all."""

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from puppyslug.errors import OutputError, option
from puppyslug.files.names import is_folder

_TEMPORARY_PREFIX = ".puppyslug-"


def check_writable(path: Path, *, overwrite: bool) -> None:
    """Check that a file can be written, before its content is computed.

    Args:
        path: the file.
        overwrite: whether the file may exist already.

    Raises:
        OutputError: the folder does not exist or is not writable, its file system does not accept
            the file's name, or the file exists.
    """
    if is_folder(path):
        raise OutputError(f"{path} is a folder; name a file in it")
    if not is_folder(path.parent):
        raise OutputError(f"the folder {path.parent} does not exist; create it first")
    if os.path.lexists(path) and not overwrite:
        raise _exists_error(path)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=_TEMPORARY_PREFIX) as folder:
            _check_name(path, Path(folder))
    except OSError as error:
        raise OutputError(f"the folder {path.parent} is not writable: {error.strerror}") from error


def _check_name(path: Path, folder: Path) -> None:
    """Create a file of the same name in a temporary folder of the same file system."""
    try:
        (folder / path.name).touch()
    except (OSError, ValueError) as error:  # ValueError: a null character
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written: {reason}; choose another name") from error


def write_atomically(path: Path, data: bytes | memoryview, *, overwrite: bool = True) -> None:
    """Write a file so that it appears complete or not at all.

    Args:
        path: the file; its folder must exist.
        data: content of the file.
        overwrite: whether to replace an existing file.

    Raises:
        OutputError: the file exists or cannot be written, for example because the disk is full.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY_PREFIX)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                _synchronise(file.fileno())
            _apply_umask(Path(name))
            _move(Path(name), path, overwrite=overwrite)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "; free some space" if error.errno == errno.ENOSPC else ""
        raise OutputError(f"{path} could not be written: {reason}{hint}") from error


def _synchronise(descriptor: int) -> None:
    """Wait until a file is on the disk, if its file system supports that."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise


def _apply_umask(path: Path) -> None:
    """Give a temporary file, which is private by default, the permissions of any new file.

    File systems without permissions, such as vfat and exFAT, refuse that; the file is complete
    nevertheless.
    """
    mask = os.umask(0)
    os.umask(mask)
    with contextlib.suppress(OSError):
        path.chmod(0o666 & ~mask)


def _move(temporary: Path, path: Path, *, overwrite: bool) -> None:
    """Move a file in one step; without ``overwrite``, keep a file created in the meantime."""
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError as error:
        raise _exists_error(path) from error
    except OSError:  # a file system without hard links
        temporary.replace(path)


def _exists_error(path: Path) -> OutputError:
    return OutputError(f"{path} exists; name another file or add {option('force')}")
