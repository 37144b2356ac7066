"""What things may be called, and how many pictures they need. Nothing here imports torch."""

from puppyslug.errors import TeachingError
from puppyslug.labels import NONE
from puppyslug.labels.label import named_class
from puppyslug.labels.spelling import key

FEWEST = 3  # pictures of a thing
FEW = 10  # below which it is warned
LONGEST_NAME = 60


def name_of(text: str, what: str = "the folder") -> str:
    """What a thing is called.

    Args:
        text: a folder's name, or what somebody typed.
        what: that is, for an error.

    Returns:
        The name as objectives can say it; ``none`` for pictures of nothing.

    Raises:
        TeachingError: it cannot be one of a thing.
    """
    name = named_class([text.replace("_", " ")], 0).name
    if not key(name) or "\ufffd" in name or len(name) > LONGEST_NAME or set(name) & set(",*"):
        raise TeachingError(
            f"{what} {text[:80]!r} cannot be a thing's name; give it one of letters and "
            f"blanks, {LONGEST_NAME} at most"
        )
    return NONE if key(name) == key(NONE) else name
