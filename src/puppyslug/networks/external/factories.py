"""Loads external networks: by entry point, from timm or torchvision, or from a factory.

A factory is a function that returns a ``Network``, or a ``Network`` itself, named as
``package.module:factory``. Networks that installed packages declare as entry points need no trust:
whoever installed the package decided to run it.
"""

import contextlib
import functools
import importlib
import re
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.errors import NetworkError, option
from puppyslug.networks.external.trusted_names import is_trusted
from puppyslug.networks.registry import registered_networks
from puppyslug.networks.specs import NetworkSpec

if TYPE_CHECKING:
    from puppyslug.networks.network import Network

ENTRY_POINT_GROUP = "puppyslug.networks"  # name = "package.module:factory"
_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_MODEL_ZOO = re.compile(r"(timm|torchvision)/[\w.-]+")


def entry_point_networks() -> dict[str, str]:
    """Return the networks of installed packages: for each name, the package that declares it."""
    found = {}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        if entry.name not in registered_networks():  # registered names take precedence
            found[entry.name] = entry.dist.name if entry.dist else entry.module
    return found


def is_external_name(name: str) -> bool:
    """Return whether a name is that of an external network."""
    return bool(_FACTORY.fullmatch(name) or _MODEL_ZOO.fullmatch(name)) or (
        name in entry_point_networks()
    )


def find_external_spec(name: str) -> NetworkSpec:
    """Return the spec of an external network, which loads it.

    Raises:
        NetworkError: as in ``load_external``.
    """
    return load_external(name).spec


@functools.cache
def load_external(name: str) -> "Network":
    """Load an external network.

    Args:
        name: a name for which ``is_external_name`` is true.

    Raises:
        NetworkError: the name is not trusted, cannot be imported, or gives no network.
    """
    found = list(entry_points(group=ENTRY_POINT_GROUP, name=name))
    if found:
        return _call_factory(name, found[0].value)
    if not is_trusted(name):
        raise NetworkError(
            f"the network {name[:80]} is external code, which a recipe cannot run; to run it, pass "
            f"it yourself as {option('network')}"
        )
    if _MODEL_ZOO.fullmatch(name):
        from puppyslug.networks.external.model_zoos import load_model

        return load_model(name)
    return _call_factory(name, name)


@contextlib.contextmanager
def _current_folder_on_path() -> Iterator[None]:
    """Let modules in the current folder be imported, as ``python -m`` does."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path.pop(0)


def _call_factory(name: str, location: str) -> "Network":
    """Return the network at ``module:attribute``, or what the function there returns.

    Raises:
        NetworkError: it cannot be imported, or gives no network.
    """
    from puppyslug.networks.network import Network

    module_name, _, attribute = location.partition(":")
    try:
        with _current_folder_on_path():
            network = getattr(importlib.import_module(module_name), attribute)
            network = network if isinstance(network, Network) else network()
    except ImportError as error:
        raise NetworkError(f"the network {name} cannot be imported: {error}") from error
    except AttributeError as error:
        raise NetworkError(f"the network {name} cannot be created: {error}") from error
    except NetworkError:
        raise
    except (Exception, SystemExit) as error:  # external code may raise anything
        text = " ".join(str(error).split())[:200]
        raise NetworkError(
            f"the network {name} cannot be created: {type(error).__name__}: {text}"
        ) from error
    if not isinstance(network, Network):
        raise NetworkError(
            f"{location} returns {type(network).__name__}, not a Network; return one, for example "
            "Network.from_module(module, labels=…)"
        )
    network.rename(name)
    return network
