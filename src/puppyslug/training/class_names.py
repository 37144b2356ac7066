"""Names of classes, and how many images a class needs. Nothing here imports torch."""

from puppyslug.errors import TrainingError
from puppyslug.labels import NONE_CLASS
from puppyslug.labels.label import class_label
from puppyslug.labels.spelling import spelling_key

MIN_IMAGES = 3  # of a class
RECOMMENDED_IMAGES = 10
MAX_NAME_LENGTH = 60


def parse_class_name(text: str, source: str = "the folder") -> str:
    """Derive the name of a class.

    Args:
        text: name of a folder, or input of the user.
        source: where the text comes from, for error messages.

    Returns:
        A name that objectives can contain; ``none`` for images of none of the classes.

    Raises:
        TrainingError: the text cannot be the name of a class.
    """
    name = class_label([text.replace("_", " ")], 0).name
    if (
        not spelling_key(name)
        or "\ufffd" in name
        or len(name) > MAX_NAME_LENGTH
        or set(name) & set(",*")
    ):
        raise TrainingError(
            f"{source} {text[:80]!r} cannot be the name of a class; use letters and spaces, at "
            f"most {MAX_NAME_LENGTH} characters"
        )
    return NONE_CLASS if spelling_key(name) == spelling_key(NONE_CLASS) else name
