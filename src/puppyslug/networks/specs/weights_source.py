"""Sources of weights: an installed package, a download, or a local file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PackagedWeights:
    """Weights inside an installed package.

    Attributes:
        package: importable name of the package that contains the file; it is never imported.
        path: of the file inside the package.
        sha256: of the file that puppyslug was tested with.
    """

    package: str
    path: str
    sha256: str

    @property
    def project(self) -> str:
        """Name of the project on PyPI."""
        return self.package.replace("_", "-")


@dataclass(frozen=True)
class RemoteFile:
    """A file to download into the cache.

    Attributes:
        name: of the file in the cache.
        urls: mirrors, the preferred one first. A ``.tar.gz`` is an archive that contains the file.
        checksum: ``"sha256:…"`` or ``"sha1:…"``; empty where none has been published.
        size: approximate size in bytes.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str
    size: int


@dataclass(frozen=True)
class LocalFile:
    """A file of the user, such as a finetuned network.

    Attributes:
        path: of the file.
        sha256: of its bytes when it was registered.
    """

    path: Path
    sha256: str


WeightsSource = PackagedWeights | RemoteFile | LocalFile


def expected_sha256(weights: WeightsSource | None) -> str:
    """Return the SHA-256 that a weights file should have; empty where it is not known."""
    if isinstance(weights, PackagedWeights | LocalFile):
        return weights.sha256
    algorithm, _, digits = weights.checksum.partition(":") if weights else ("", "", "")
    return digits if algorithm == "sha256" and len(digits) == 64 else ""


def combine_sha256(hashes: Sequence[str]) -> str:
    """Return one hash for the weights of all members of an ensemble."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
