"""What can go wrong, as one tree.

::

    PuppyslugError
    ├── ImageError         a picture that cannot be read, is too large or too small
    ├── VideoError         a film that cannot be read
    ├── OutputError        a result that cannot be written where it was asked for
    ├── NetworkError       a network, layer or channel that does not exist
    │   └── WeightsError   weights that are missing, damaged or of another network
    ├── LabelError         a class or group that does not exist, or a name that several share
    ├── AtlasError         an atlas that is not built, is damaged, or is of other weights
    ├── TeachingError      pictures that nothing can be learnt from
    ├── ClusterError       a cluster that is not there, is of other versions, or loses what it does
    ├── ObjectiveError     an objective that cannot be read or does not fit the network
    └── RecipeError        a setting out of range, or a recipe that cannot be followed

Every message is one line: what is wrong, with what, and what to do about it.
"""

import difflib
from collections.abc import Iterable


class PuppyslugError(Exception):
    """The parent of every error that puppyslug raises on purpose."""


class ImageError(PuppyslugError):
    """A picture that cannot be read, is too large or too small."""


class VideoError(PuppyslugError):
    """A film that cannot be read."""


class OutputError(PuppyslugError):
    """A result that cannot be written where it was asked for."""


class NetworkError(PuppyslugError):
    """A network, layer or channel that does not exist."""


class WeightsError(NetworkError):
    """Weights that are missing, damaged or of another network."""


class LabelError(PuppyslugError):
    """A class or group that does not exist, or a name that several share."""


class AtlasError(PuppyslugError):
    """An atlas that is not built, is damaged, or is of other weights."""


class TeachingError(PuppyslugError):
    """Pictures that nothing can be learnt from, or a teaching that cannot go on."""


class ClusterError(PuppyslugError):
    """A cluster that is not there, is of other versions, or loses what it does."""


class ObjectiveError(PuppyslugError):
    """An objective that cannot be read or does not fit the network."""


class RecipeError(PuppyslugError):
    """A setting out of range, or a recipe that cannot be followed."""


def nearest(name: str, choices: Iterable[str], *, limit: int = 3) -> str:
    """Say which of the valid choices a wrong name may have meant.

    Args:
        name: what was asked for.
        choices: every valid name, in the order in which to show them.
        limit: how many near names to offer.

    Returns:
        ``"did you mean a or b?"`` where some are near, else ``"choose from a, b, …"``.
    """
    known = list(choices)
    lowered = {choice.lower(): choice for choice in known}
    near = [lowered[match] for match in difflib.get_close_matches(name.lower(), lowered, limit)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    shown = ", ".join(known[:20])
    return f"choose from {shown}{', …' if len(known) > 20 else ''}"


def plural(number: int, thing: str) -> str:
    """So many of a thing, such as 2 workers."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
