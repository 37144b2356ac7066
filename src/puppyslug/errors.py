"""The exceptions of puppyslug.

::

    PuppyslugError
    ├── ImageError         an image cannot be read, or is too large or too small
    ├── VideoError         a video cannot be read
    ├── AudioError         the sound of a file cannot be read or analysed
    ├── OutputError        a result cannot be written to the given file
    ├── NetworkError       a network, layer or channel does not exist
    │   └── WeightsError   weights are missing, damaged or for another network
    ├── LabelError         a class or group does not exist, or its name is ambiguous
    ├── AtlasError         an atlas is not built, is damaged, or is for other weights
    ├── TrainingError      images cannot be trained on, or a training run cannot resume
    ├── ClusterError       a cluster is unreachable, incompatible, or lost a job
    ├── ObjectiveError     an objective cannot be parsed or does not fit the network
    └── RecipeError        a setting is out of range, or a recipe cannot be carried out
        └── MissingRecipeError  an image contains no recipe

Every message is a single line that states the problem, the offending value and the remedy.
"""

import contextlib
import difflib
from collections.abc import Iterable, Iterator

_MAX_CHOICES = 20  # shown in a message
_ARGUMENTS = {"force": "overwrite=True", "no-recipe": 'recipe_text=""', "resume": "resume=True"}


class PuppyslugError(Exception):
    """Base class of all exceptions that puppyslug raises deliberately."""


class ImageError(PuppyslugError):
    """An image cannot be read, or is too large or too small."""


class VideoError(PuppyslugError):
    """A video cannot be read."""


class AudioError(PuppyslugError):
    """The sound of a file cannot be read or analysed."""


class OutputError(PuppyslugError):
    """A result cannot be written to the given file."""


class NetworkError(PuppyslugError):
    """A network, layer or channel does not exist."""


class WeightsError(NetworkError):
    """Weights are missing, damaged or for another network."""


class LabelError(PuppyslugError):
    """A class or group does not exist, or its name is ambiguous."""


class AtlasError(PuppyslugError):
    """An atlas is not built, is damaged, or is for other weights."""


class TrainingError(PuppyslugError):
    """Images cannot be trained on, or a training run cannot resume."""


class ClusterError(PuppyslugError):
    """A cluster is unreachable, incompatible, or lost a job."""


class ObjectiveError(PuppyslugError):
    """An objective cannot be parsed or does not fit the network."""


class RecipeError(PuppyslugError):
    """A setting is out of range, or a recipe cannot be carried out."""


class MissingRecipeError(RecipeError):
    """An image contains no recipe."""


class _Interface:
    """How messages refer to options: as a command line's, or as arguments in Python."""

    is_command_line = False


@contextlib.contextmanager
def command_line_messages() -> Iterator[None]:
    """Let messages name the options of the command line, in place of arguments in Python."""
    before, _Interface.is_command_line = _Interface.is_command_line, True
    try:
        yield
    finally:
        _Interface.is_command_line = before


def option(name: str, value: object = None) -> str:
    """Return how the user sets an option, for messages.

    Args:
        name: as on the command line, without dashes.
        value: what to set it to; None to name the option only.

    Returns:
        Such as ``--size full`` on the command line, else ``size="full"``.
    """
    if _Interface.is_command_line:
        return f"--{name}" if value is None else f"--{name} {value}"
    if name in _ARGUMENTS:
        return _ARGUMENTS[name]
    return name if value is None else f'{name}="{value}"'


def suggest(name: str, choices: Iterable[str], *, limit: int = 3) -> str:
    """Suggest valid choices for an invalid name.

    Args:
        name: the invalid name.
        choices: all valid names, in display order.
        limit: maximum number of similar names.

    Returns:
        ``"did you mean a or b?"`` if there are similar names, else ``"choose from a, b, …"``.
    """
    names = list(choices)
    by_lower_case = {choice.lower(): choice for choice in names}
    matches = difflib.get_close_matches(name.lower(), by_lower_case, limit)
    if matches:
        return f"did you mean {' or '.join(by_lower_case[match] for match in matches)}?"
    listed = ", ".join(names[:_MAX_CHOICES])
    return f"choose from {listed}{', …' if len(names) > _MAX_CHOICES else ''}"


def plural(count: int, noun: str) -> str:
    """Format a count with its noun, such as ``1 worker``, ``2 workers`` or ``2 classes``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith('s') else 's'}"
