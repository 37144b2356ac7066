"""Where atlases are: those that puppyslug brings, and those that were built here."""

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from puppyslug.errors import AtlasError
from puppyslug.files.folders import data_folder
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.visualization.atlas.atlas import Atlas
from puppyslug.visualization.atlas.index import FILE

_DIGITS = 8  # of the weights' hash, in a folder's name
_ODD = re.compile(r"[^\w.+-]+")


class UnbuiltError(AtlasError):
    """There is no atlas of this layer yet."""


def built_in_folder() -> Path:
    """The folder of the atlases that come with puppyslug."""
    return Path(str(files(__package__) / "built"))


def own_folder() -> Path:
    """The folder of the atlases that were built here, which need not exist."""
    return data_folder() / "atlases"


def folder_name(network: str, layer: str, weights: str) -> str:
    """What an atlas's folder is called: two of other weights have other names."""
    return "-".join((_plain(network), _plain(layer), weights[:_DIGITS]))


def list_atlases(damaged: Callable[[AtlasError], object] = lambda _: None) -> list[Atlas]:
    """All atlases that are whole: those built here first, then those that puppyslug brings.

    Args:
        damaged: is told of those that cannot be read, which are left out.
    """
    found = []
    for folder in _folders(""):
        try:
            found.append(Atlas(folder))
        except AtlasError as error:
            damaged(error)
    return found


def find_atlas(network: str, layer: str, weights: str = "") -> Atlas:
    """The atlas of a layer.

    Args:
        network: the network's name.
        layer: the layer's name.
        weights: SHA-256 of the network's weights, where it is loaded.

    Raises:
        AtlasError: there is one, but of other weights, or it is damaged.
        NetworkError: no such network or layer.
        UnbuiltError: there is none; the message says how to build it.
    """
    spec = find_spec(network)
    layer = spec.layer(layer).name
    weights = weights or spec.known_sha256
    found = [Atlas(folder) for folder in _folders(folder_name(spec.name, layer, ""))]
    for atlas in found:
        if not weights or atlas.index.weights == weights:
            return atlas
    command = f"puppyslug atlas build {spec.name} {layer}"
    if found:
        raise AtlasError(
            f"the atlas of {found[0].title} here is of the weights "
            f"{found[0].index.weights[:_DIGITS]}…, and these are {weights[:_DIGITS]}…; "
            f"'{command}' with these weights draws another"
        )
    raise UnbuiltError(f"there is no atlas of {spec.name} {layer}; '{command}' draws it")


def known_atlas(spec: NetworkSpec, layer: str, weights: str) -> Atlas | None:
    """The atlas of a layer, or None where there is none that can be used."""
    try:
        return find_atlas(spec.name, layer, weights)
    except AtlasError:
        return None


def _folders(beginning: str) -> list[Path]:
    """The folders of whole atlases whose names begin so; of two of one name the one built here."""
    found: dict[str, Path] = {}
    for shelf in (own_folder(), built_in_folder()):
        for folder in sorted(shelf.iterdir()) if shelf.is_dir() else ():
            if folder.name.startswith(beginning) and (folder / FILE).is_file():
                found.setdefault(folder.name, folder)
    return list(found.values())


def _plain(name: str) -> str:
    return _ODD.sub("_", name)
