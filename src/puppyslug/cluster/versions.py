"""Package versions that must be equal on all machines of a cluster."""

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from puppyslug.errors import ClusterError

_PACKAGES = ("puppyslug", "torch")  # equal versions give equal pictures


def local_versions() -> dict[str, str]:
    """Return this machine's versions of the packages that must be equal."""
    return {name: version(name).partition("+")[0] for name in _PACKAGES}


def check_versions(remote: Mapping[str, str], address: str) -> None:
    """Check that a machine of a cluster has the same versions as this one.

    Args:
        remote: the machine's versions by package, without missing packages.
        address: address of the cluster.

    Raises:
        ClusterError: the versions differ.
    """
    differences = [
        f"{name} {remote.get(name) or 'missing'} there, {local} here"
        for name, local in local_versions().items()
        if remote.get(name) != local
    ]
    if differences:
        raise ClusterError(
            f"the cluster at {address} has other versions than this machine "
            f"({'; '.join(differences)}); install the same versions on all of its machines"
        )


def make_version_probe() -> Callable[[], dict[str, str]]:
    """Return a function that reads a machine's versions.

    It is self-contained, so that it can be sent to a machine without puppyslug.
    """
    packages, missing = _PACKAGES, PackageNotFoundError

    def read_versions() -> dict[str, str]:
        from importlib import metadata

        versions = {}
        for name in packages:
            try:
                versions[name] = metadata.version(name).partition("+")[0]
            except missing:
                continue
        return versions

    return read_versions
