"""Where weights come from: an installed package, or a download that somebody asks for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PackagedWeights:
    """Weights that an installed package brings.

    Attributes:
        package: name of the importable package that holds the file; it is never imported.
        path: of the file inside the package.
        sha256: of the file that puppyslug was tested with.
    """

    package: str
    path: str
    sha256: str

    @property
    def project(self) -> str:
        """What to ask pip for."""
        return self.package.replace("_", "-")


@dataclass(frozen=True)
class RemoteFile:
    """A file to download, which stays in the cache.

    Attributes:
        name: of the file in the cache.
        urls: where it is, the best place first. A ``.tar.gz`` holds it somewhere inside.
        checksum: ``"sha256:…"`` or ``"sha1:…"``; empty where nobody has published one.
        size: about how many bytes it has.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str
    size: int


@dataclass(frozen=True)
class OwnFile:
    """A file of the user's own, such as a network that was taught.

    Attributes:
        path: where it is.
        sha256: of its bytes when it was looked at.
    """

    path: Path
    sha256: str


Weights = PackagedWeights | RemoteFile | OwnFile


def known_sha256(weights: Weights | None) -> str:
    """The whole hash of a weights file, where it is known before the file is here; or empty."""
    if isinstance(weights, PackagedWeights | OwnFile):
        return weights.sha256
    algorithm, _, digits = weights.checksum.partition(":") if weights else ("", "", "")
    return digits if algorithm == "sha256" and len(digits) == 64 else ""


def joint_sha256(hashes: Sequence[str]) -> str:
    """One hash for the weights of several networks together."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
