"""The registry of networks: every module in ``networks/specs`` registers its own.

The modules are found by scanning the package, so a new network needs no list elsewhere. Nothing
here imports torch.
"""

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from puppyslug.networks import specs
from puppyslug.networks.specs.spec import NetworkSpec
from puppyslug.networks.specs.weights_source import PackagedWeights

LAST = 1000  # rank of families that do not ask for another


class _Entry(NamedTuple):
    spec: NetworkSpec
    rank: int


_entries: dict[str, _Entry] = {}


def register_networks(*networks: NetworkSpec, rank: int = LAST) -> None:
    """Add the networks of one family to the registry.

    Args:
        networks: their specs, in the order in which to list them.
        rank: position of the family in lists; lower ranks come first. Networks whose weights are
            installed as a package always come before those to download.

    Raises:
        ValueError: a network of that name is registered already.
    """
    for spec in networks:
        if spec.name in _entries:
            raise ValueError(f"a network named {spec.name!r} is registered already")
        _entries[spec.name] = _Entry(spec, rank)


def registered_networks() -> Mapping[str, NetworkSpec]:
    """Return the registered networks by name, in the order in which to list them."""
    _import_modules(tuple(specs.__path__))
    entries = sorted(_entries.values(), key=_display_key)
    return MappingProxyType({entry.spec.name: entry.spec for entry in entries})


def list_networks() -> tuple[NetworkSpec, ...]:
    """Return the specs of all registered networks, in the order in which to list them."""
    return tuple(registered_networks().values())


def _display_key(entry: _Entry) -> tuple[bool, int]:
    """Packaged weights first, then by rank; sorting keeps the order within a family."""
    return not isinstance(entry.spec.weights, PackagedWeights), entry.rank


@functools.cache
def _import_modules(path: tuple[str, ...]) -> None:
    for module in pkgutil.iter_modules(path, f"{specs.__name__}."):
        importlib.import_module(module.name)
