"""Which external code may run: only names that the user gave.

A name such as ``package.module:factory`` runs code, and models of timm and torchvision run those
packages and download files. A recipe, which may come from anywhere, must not cause that. So such a
name is refused unless it was trusted before, by whoever took it from the user.
"""

from pathlib import Path

from puppyslug.networks.finetuned import is_finetuned_file, register_finetuned_file
from puppyslug.networks.specs import split_network_names

_trusted: set[str] = set()


def trust(network: str) -> None:
    """Trust a network that the user named: its code may run from now on.

    The file of a finetuned network is registered, too, so that its file name alone stands for it.

    Args:
        network: a name, or several joined by ``+``.

    Raises:
        NetworkError: there is no such file.
        WeightsError: the file is damaged, or is no finetuned network.
    """
    for name in split_network_names(network):
        if is_finetuned_file(name):
            register_finetuned_file(Path(name))
        else:
            _trusted.add(name)


def is_trusted(name: str) -> bool:
    """Return whether a network's name was trusted."""
    return name in _trusted
