"""Downloaded files: their place in the cache, and their checksums. Nothing here imports torch."""

from pathlib import Path

from puppyslug.errors import WeightsError
from puppyslug.files.folders import cache_folder
from puppyslug.files.hashing import file_digest
from puppyslug.networks.specs import RemoteFile


def cache_path(file: RemoteFile) -> Path:
    """Return the path of a file in the cache, which need not exist."""
    return cache_folder() / file.name


def hash_weights(path: Path, algorithm: str = "sha256") -> str:
    """Return the hexadecimal digest of a weights file.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        return file_digest(path, algorithm)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error


def matches_checksum(path: Path, checksum: str) -> bool:
    """Return whether a file has a checksum, or one that begins with it.

    Args:
        path: the file.
        checksum: ``"sha256:…"`` or ``"sha1:…"``; empty for any file.

    Raises:
        WeightsError: the file cannot be read.
    """
    if not checksum:
        return True
    algorithm, _, digits = checksum.partition(":")
    return hash_weights(path, algorithm).startswith(digits.lower())
