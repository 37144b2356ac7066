"""The registered terms. Those in the package ``terms`` are found by scanning it."""

import importlib
import pkgutil

from puppyslug.objectives import terms
from puppyslug.objectives.term import Term, registered_terms

for _module in pkgutil.iter_modules(terms.__path__):
    importlib.import_module(f"{terms.__name__}.{_module.name}")


def call_terms() -> dict[str, type[Term]]:
    """Return the terms that are written as ``name(…)``, by that name."""
    return {term.call: term for term in registered_terms() if term.call}


def pattern_terms() -> dict[str, type[Term]]:
    """Return the other terms, by the regular expression of their text; the longest match wins."""
    return {term.pattern: term for term in registered_terms() if not term.call}
