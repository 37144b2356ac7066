"""Downloaded files: where they are kept, and whether they are what they should be.

Nothing here imports torch.
"""

import hashlib
import importlib.util
import os
from pathlib import Path

from puppyslug.errors import WeightsError
from puppyslug.networks.specs import NetworkSpec, OwnFile, PackagedWeights, RemoteFile

FOLDER_VARIABLE = "PUPPYSLUG_CACHE"


def cache_folder() -> Path:
    """Where downloads are kept: ``$PUPPYSLUG_CACHE``, or the user's folder for caches."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("puppyslug"))


def cached_path(file: RemoteFile) -> Path:
    """Where a file is once it is downloaded, or put by hand."""
    return cache_folder() / file.name


def checksum_fits(path: Path, checksum: str) -> bool:
    """Whether a file has a hash, or one that begins so.

    Args:
        path: the file.
        checksum: ``"sha256:…"`` or ``"sha1:…"``; empty for any file.

    Raises:
        WeightsError: the file cannot be read.
    """
    if not checksum:
        return True
    algorithm, _, digits = checksum.partition(":")
    return _digest(path, algorithm).startswith(digits.lower())


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        WeightsError: the file cannot be read.
    """
    return _digest(path, "sha256")


def _digest(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error


def is_here(spec: NetworkSpec) -> bool:
    """Whether a network's weights are on this machine, so that it can be loaded."""
    if isinstance(spec.weights, PackagedWeights):
        return importlib.util.find_spec(spec.weights.package) is not None
    if isinstance(spec.weights, OwnFile):
        return spec.weights.path.is_file()
    try:
        return spec.weights is None or cached_path(spec.weights).is_file()
    except OSError:  # a cache that may not be read
        return False
