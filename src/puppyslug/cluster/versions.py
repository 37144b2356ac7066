"""Versions that have to be the same on all machines of a cluster."""

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from puppyslug.errors import ClusterError

_VERSIONS = ("puppyslug", "torch")  # that have to be the same everywhere, for the same pictures


def own_versions() -> dict[str, str]:
    """The versions here of what has to be the same everywhere."""
    return {name: version(name).partition("+")[0] for name in _VERSIONS}


def check_versions(found: Mapping[str, str], address: str) -> None:
    """Refuse a cluster, or one machine of it, that has other versions than this one.

    Args:
        found: versions there, by package; nothing for a package that is missing.
        address: of the cluster.

    Raises:
        ClusterError: they differ.
    """
    other = [
        f"{name} {found.get(name) or 'is missing'} there, {own} here"
        for name, own in own_versions().items()
        if found.get(name) != own
    ]
    if other:
        raise ClusterError(
            f"the cluster at {address} has other versions than this machine ({'; '.join(other)}); "
            "install the same on all of its machines"
        )


def probe() -> Callable[[], dict[str, str]]:
    """What asks a machine for its versions; it travels whole, since puppyslug may be missing."""
    names, missing = _VERSIONS, PackageNotFoundError

    def versions() -> dict[str, str]:
        from importlib import metadata

        found = {}
        for name in names:
            try:
                found[name] = metadata.version(name).partition("+")[0]
            except missing:
                continue
        return found

    return versions
