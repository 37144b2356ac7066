"""Names of finetuned networks: a path that the user gives, and the file name that stands for it.

Recipes and outputs refer to a finetuned network by its file name alone. The user's path is
registered once per process and found by that name from then on.
"""

from pathlib import Path

from puppyslug.networks.finetuned.spec import read_finetuned_spec
from puppyslug.networks.specs import NAME_SEPARATOR, NetworkSpec, split_network_names

FINETUNED_SUFFIX = ".safetensors"

_registered: dict[str, NetworkSpec] = {}


def is_finetuned_file(name: str) -> bool:
    """Return whether a network's name is that of a finetuned network's file."""
    return name.lower().endswith(FINETUNED_SUFFIX)


def strip_folder(name: str) -> str:
    """Return a network's name; of a finetuned network's path, the file name."""
    return name.replace("\\", "/").rpartition("/")[2] if is_finetuned_file(name) else name


def strip_folders(network: str) -> str:
    """Apply ``strip_folder`` to each of the names that ``+`` joins."""
    return NAME_SEPARATOR.join(strip_folder(name) for name in split_network_names(network))


def finetuned_names_in(network: str) -> list[str]:
    """Return the file names of the finetuned networks among the names that ``+`` joins."""
    return [strip_folder(name) for name in split_network_names(network) if is_finetuned_file(name)]


def register_finetuned_file(path: Path) -> None:
    """Read a finetuned network's file, so that ``registered_spec`` finds it by name.

    Raises:
        NetworkError: there is no such file.
        WeightsError: the file is damaged, or is no finetuned network.
    """
    name = strip_folder(str(path))
    _registered[name] = read_finetuned_spec(path, name=name)


def registered_spec(name: str) -> NetworkSpec | None:
    """Return the spec of a finetuned network whose file was registered before, else None."""
    return _registered.get(strip_folder(name))
