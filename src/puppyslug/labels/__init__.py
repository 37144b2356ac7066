"""Names of classes: ImageNet's, with groups above them, and those of other networks.

Nothing here imports torch.
"""

from collections.abc import Callable

from puppyslug.errors import LabelError
from puppyslug.labels.label import Label
from puppyslug.labels.vocabulary import NONE_CLASS, Vocabulary, bundled_vocabulary, imagenet

__all__ = [
    "NONE_CLASS",
    "FindLabel",
    "Label",
    "Vocabulary",
    "bundled_vocabulary",
    "find_label",
    "imagenet",
    "label_finder",
    "unresolved_label",
]

FindLabel = Callable[[str], Label]  # looks up a label by name


def find_label(name: str) -> Label:
    """Look up a class of ImageNet, or a group of classes, by name; see ``Vocabulary.find``.

    Args:
        name: of a class or group, in any of its spellings, or the number of a class.

    Returns:
        The label, with the numbers of its classes.

    Raises:
        LabelError: the name is empty, unknown (similar names are suggested) or ambiguous (the
            candidates are named).
    """
    return imagenet().find(name)


def unresolved_label(name: str) -> Label:
    """Return a label without classes, to be resolved when the network's vocabulary is known.

    Raises:
        LabelError: the name is empty.
    """
    if not name.strip():
        raise LabelError("the name of a class is empty; give one such as 'castle'")
    return Label((name.strip(),), ())


def label_finder(vocabulary: str) -> FindLabel:
    """Return the look-up function of a bundled vocabulary, or ``unresolved_label`` for others."""
    bundled = bundled_vocabulary(vocabulary)
    return bundled.find if bundled else unresolved_label
