"""Normalised spellings of names."""

import re
import unicodedata
from collections.abc import Iterator

_PLURAL_ENDINGS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))


def normalise(name: str) -> str:
    """Return the words of a name in lower case, single-spaced, without accents or punctuation.

    >>> normalise("Jack-o'-Lantern")
    'jack o lantern'
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = re.sub(r"['’.\u0300-\u036f]", "", plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def spelling_key(name: str) -> str:
    """Return a key that all spellings of a name share: ``hot dog``, ``Hot_Dog`` and ``hotdog``."""
    return normalise(name).replace(" ", "")


def spelling_keys(name: str) -> Iterator[str]:
    """Yield the key of a name, then the keys of words that it may be the plural of."""
    key = spelling_key(name)
    yield key
    for ending, singular in _PLURAL_ENDINGS:
        if key.endswith(ending):
            yield key.removesuffix(ending) + singular
