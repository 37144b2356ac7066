"""Terms are found by scanning their package."""

import pkgutil

from puppyslug.objectives import terms
from puppyslug.objectives.registry import call_terms, pattern_terms


def test_every_module_of_the_package_holds_a_registered_term():
    registered = (*call_terms().values(), *pattern_terms().values())
    modules = {term.__module__.rpartition(".")[2] for term in registered}
    assert modules >= {module.name for module in pkgutil.iter_modules(terms.__path__)}


def test_terms_are_listed_by_their_syntax():
    assert {name: term.call for name, term in call_terms().items()} == {
        name: name for name in call_terms()
    }
    assert all(not term.call and term.pattern == text for text, term in pattern_terms().items())
    assert {"see", "guide", "strongest"} <= set(call_terms())
