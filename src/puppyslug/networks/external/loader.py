"""Networks that others bring: packages, timm, torchvision, a function or a file of your own.

A function named ``package.module:factory`` is code, and so are timm's and torchvision's models,
which also download. They run only where whoever asks for them was asked: ``allow`` them first. A
recipe, which may come from anywhere, cannot. Networks of installed packages go by name everywhere.
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

from puppyslug.errors import NetworkError
from puppyslug.networks.finetuned import is_own_file, remember
from puppyslug.networks.specs import SPECS, NetworkSpec, names_in

if TYPE_CHECKING:
    from puppyslug.networks.network import Network

GROUP = "puppyslug.networks"  # of entry points: name = "package.module:factory"
_CODE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_ADAPTED = re.compile(r"(timm|torchvision)/[\w.-]+")
_allowed: set[str] = set()


def names_of_packages() -> dict[str, str]:
    """Networks that installed packages bring: their names, and the package of each."""
    found = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        if entry.name not in SPECS:  # ours keep their names
            found[entry.name] = entry.dist.name if entry.dist else entry.module
    return found


def is_brought(name: str) -> bool:
    """Whether a name means a network that others bring."""
    return bool(_CODE.fullmatch(name) or _ADAPTED.fullmatch(name)) or name in names_of_packages()


def allow(name: str) -> None:
    """Let a name such as ``package.module:factory`` be run: whoever calls this was asked.

    A file that was taught is looked up, too, and goes by its name without folders from then on.

    Args:
        name: of a network, or several joined by ``+``.

    Raises:
        NetworkError: there is no such file, or it is no taught network.
    """
    for part in names_in(name):
        if is_own_file(part):
            remember(Path(part))
        else:
            _allowed.add(part)


def external_spec(name: str) -> NetworkSpec:
    """The record of a network that others bring, which loads it.

    Raises:
        NetworkError: as in ``bring``.
    """
    return bring(name).spec


@functools.cache
def bring(name: str) -> "Network":
    """Load a network that others bring.

    Args:
        name: a name for which ``is_brought`` holds.

    Raises:
        NetworkError: it is code that nobody allowed, cannot be imported, or makes no network.
    """
    found = list(entry_points(group=GROUP, name=name))
    if found:
        return _made(name, found[0].value)
    if name not in _allowed:
        raise NetworkError(
            f"the network {name[:80]} is code of others, which a recipe cannot ask to be run; it "
            "runs where you name it yourself with --network"
        )
    if _ADAPTED.fullmatch(name):
        from puppyslug.networks.external.adapters import adapted

        return adapted(name)
    return _made(name, name)


@contextlib.contextmanager
def _this_folder_too() -> Iterator[None]:
    """Let modules in the current folder be found, as ``python -m`` does."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path.pop(0)


def _made(name: str, place: str) -> "Network":
    """The network at ``module:name``, or what the function there makes.

    Raises:
        NetworkError: it is not there, or gives no network.
    """
    from puppyslug.networks.network import Network

    module_name, _, function = place.partition(":")
    try:
        with _this_folder_too():
            made = getattr(importlib.import_module(module_name), function)
            made = made if isinstance(made, Network) else made()
    except ImportError as error:
        raise NetworkError(f"the network {name} cannot be imported: {error}") from error
    except AttributeError as error:
        raise NetworkError(f"the network {name} cannot be made: {error}") from error
    except NetworkError:
        raise
    except (Exception, SystemExit) as error:  # whatever somebody else's code may raise
        text = " ".join(str(error).split())[:200]
        raise NetworkError(
            f"the network {name} cannot be made: {type(error).__name__}: {text}"
        ) from error
    if not isinstance(made, Network):
        raise NetworkError(
            f"{place} gives a {type(made).__name__}; it should give a Network, such as "
            "Network.from_module(module, labels=…)"
        )
    return made.renamed(name)
