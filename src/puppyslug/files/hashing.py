"""Hashes of files, which identify their content in recipes and downloads."""

import hashlib
from pathlib import Path

from puppyslug.errors import PuppyslugError


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal digest of a file's bytes.

    Args:
        path: the file.
        algorithm: name of a hash in ``hashlib``, such as ``"sha256"``.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits.

    Raises:
        PuppyslugError: the file cannot be read.
    """
    try:
        return file_digest(path, "sha256")
    except OSError as error:
        raise PuppyslugError(f"{path} cannot be read: {error.strerror}") from error
