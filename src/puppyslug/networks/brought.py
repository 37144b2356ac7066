"""Networks that others bring: installed packages, timm, torchvision, a function of your own.

A function named ``package.module:factory`` is code, so it runs only where whoever asks for it was
asked: ``allow`` it first. A recipe, which may come from anywhere, cannot.
"""

import functools
import importlib
import re
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from puppyslug.errors import NetworkError
from puppyslug.networks.records import NetworkRecord

if TYPE_CHECKING:
    from puppyslug.networks.network import Network

GROUP = "puppyslug.networks"  # of entry points: name = "package.module:factory"
_CODE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_ADAPTED = re.compile(r"(timm|torchvision)/[\w.-]+")
_allowed: set[str] = set()


def names_of_packages() -> tuple[str, ...]:
    """Networks that installed packages bring, by the names that they give them."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def is_brought(name: str) -> bool:
    """Whether a name means a network that others bring."""
    return bool(_CODE.fullmatch(name) or _ADAPTED.fullmatch(name)) or name in names_of_packages()


def allow(name: str) -> None:
    """Let a name such as ``package.module:factory`` be run: whoever calls this was asked."""
    _allowed.add(name)


def record_of(name: str) -> NetworkRecord:
    """The record of a network that others bring, which loads it.

    Raises:
        NetworkError: as in ``bring``.
    """
    return bring(name).record


@functools.cache
def bring(name: str) -> "Network":
    """Load a network that others bring.

    Args:
        name: a name for which ``is_brought`` holds.

    Raises:
        NetworkError: it is code that nobody allowed, cannot be imported, or makes no network.
    """
    if _ADAPTED.fullmatch(name):
        from puppyslug.networks.adapters import adapted

        return adapted(name)
    found = list(entry_points(group=GROUP, name=name))
    if found:
        return _made(name, found[0].value)
    if name not in _allowed:
        raise NetworkError(
            f"the network {name} is code, which a recipe cannot ask to be run; if you trust it, "
            f"say --network {name}"
        )
    return _made(name, name)


def _made(name: str, place: str) -> "Network":
    """Call the function at ``module:function``.

    Raises:
        NetworkError: it is not there, or gives no network.
    """
    from puppyslug.networks.network import Network

    module_name, _, function = place.partition(":")
    try:
        made = getattr(importlib.import_module(module_name), function)()
    except ImportError as error:
        raise NetworkError(f"the network {name} cannot be imported: {error}") from error
    except AttributeError as error:
        raise NetworkError(f"the network {name} cannot be made: {error}") from error
    except NetworkError:
        raise
    except Exception as error:  # whatever somebody else's code may raise
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
