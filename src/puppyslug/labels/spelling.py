"""When two spellings are one name."""

import re
import unicodedata
from collections.abc import Iterator

_PLURALS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))


def words(name: str) -> str:
    """A name's words in lower case, with single blanks between and without accents or marks.

    >>> words("Jack-o'-Lantern")
    'jack o lantern'
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = re.sub(r"['’.\u0300-\u036f]", "", plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def key(name: str) -> str:
    """What all spellings of a name have in common: ``hot dog``, ``Hot_Dog`` and ``hotdog``."""
    return words(name).replace(" ", "")


def keys(name: str) -> Iterator[str]:
    """The key of a name, then those of what it may be the plural of."""
    whole = key(name)
    yield whole
    for ending, singular in _PLURALS:
        if whole.endswith(ending):
            yield whole.removesuffix(ending) + singular
