"""Where atlases are stored: those included in puppyslug, and those that the user has built."""

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from puppyslug.errors import AtlasError
from puppyslug.files.folders import data_folder
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.visualization.atlas.atlas import Atlas
from puppyslug.visualization.atlas.index import INDEX_FILE

_HASH_DIGITS = 8  # of the weights' SHA-256, in the name of a folder
_UNSAFE_CHARACTERS = re.compile(r"[^\w.+-]+")


class AtlasNotBuiltError(AtlasError):
    """There is no atlas of this layer yet."""


def bundled_atlas_folder() -> Path:
    """Return the folder of the atlases included in puppyslug."""
    return Path(str(files(__package__) / "built"))


def user_atlas_folder() -> Path:
    """Return the folder of the atlases that the user has built; it may not exist."""
    return data_folder() / "atlases"


def atlas_folder_name(network: str, layer: str, weights: str) -> str:
    """Return the name of an atlas's folder, which differs for different weights."""
    return "-".join((_sanitise(network), _sanitise(layer), weights[:_HASH_DIGITS]))


def list_atlases(damaged: Callable[[AtlasError], object] = lambda _: None) -> list[Atlas]:
    """List all complete atlases: those that the user has built first, then the included ones.

    Args:
        damaged: called with the error of each atlas that cannot be read; these are omitted.

    Returns:
        The atlases; only their captions are read.
    """
    atlases = []
    for folder in _complete_folders():
        try:
            atlases.append(Atlas(folder))
        except AtlasError as error:
            damaged(error)
    return atlases


def find_atlas(network: str, layer: str, weights: str = "") -> Atlas:
    """Find the atlas of a layer.

    Args:
        network: name of the network.
        layer: name of the layer.
        weights: SHA-256 of the network's weights; default: the published weights.

    Returns:
        The atlas, with its captions read.

    Raises:
        AtlasError: the only atlas of the layer belongs to other weights, or is damaged.
        AtlasNotBuiltError: there is none; the message names the command that builds it.
        NetworkError: no such network or layer.
    """
    spec = find_spec(network)
    layer = spec.layer(layer).name
    weights = weights or spec.expected_sha256
    prefix = atlas_folder_name(spec.name, layer, "")
    candidates = [Atlas(folder) for folder in _complete_folders(prefix)]
    for atlas in candidates:
        if not weights or atlas.index.weights == weights:
            return atlas
    command = f"puppyslug atlas build {spec.name} {layer}"
    if candidates:
        raise AtlasError(
            f"the atlas of {candidates[0].title} belongs to the weights "
            f"{candidates[0].index.weights[:_HASH_DIGITS]}…, not to {weights[:_HASH_DIGITS]}…; "
            f"build another with '{command}'"
        )
    raise AtlasNotBuiltError(f"there is no atlas of {spec.name} {layer}; build it with '{command}'")


def find_usable_atlas(spec: NetworkSpec, layer: str, weights: str) -> Atlas | None:
    """Find the atlas of a layer, or return None where ``find_atlas`` would raise an AtlasError."""
    try:
        return find_atlas(spec.name, layer, weights)
    except AtlasError:
        return None


def _complete_folders(prefix: str = "") -> list[Path]:
    """List the folders of complete atlases; a user's atlas hides an included one of its name."""
    found: dict[str, Path] = {}
    for parent in (user_atlas_folder(), bundled_atlas_folder()):
        for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
            if folder.name.startswith(prefix) and (folder / INDEX_FILE).is_file():
                found.setdefault(folder.name, folder)
    return list(found.values())


def _sanitise(name: str) -> str:
    return _UNSAFE_CHARACTERS.sub("_", name)
