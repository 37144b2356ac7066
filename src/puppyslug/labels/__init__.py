"""Names of classes: ImageNet's, with groups above them, and those of any other network.

Nothing here imports torch.
"""

from collections.abc import Callable

from puppyslug.errors import LabelError
from puppyslug.labels.label import Label
from puppyslug.labels.vocabulary import NONE, Vocabulary, bundled, imagenet

__all__ = [
    "NONE",
    "FindLabel",
    "Label",
    "Vocabulary",
    "bundled",
    "find_label",
    "finder",
    "imagenet",
    "open_label",
]

FindLabel = Callable[[str], Label]


def find_label(name: str) -> Label:
    """Look a class of ImageNet, or a group of them, up by its name; see ``Vocabulary.find``.

    Raises:
        LabelError: the name is empty, unknown (near names are offered) or shared by several
            labels (which are named).
    """
    return imagenet().find(name)


def open_label(name: str) -> Label:
    """A name that is looked up later, when the network and so its vocabulary is known.

    Raises:
        LabelError: the name is empty.
    """
    if not name.strip():
        raise LabelError("the name of a class is empty; give one such as 'castle'")
    return Label((name.strip(),), ())


def finder(vocabulary: str) -> FindLabel:
    """How to look names up in a vocabulary: at once where puppyslug brings it, else later."""
    found = bundled(vocabulary)
    return found.find if found else open_label
