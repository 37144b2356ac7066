"""The registration of terms."""

import pytest

from puppyslug.objectives import Term, register_term
from puppyslug.objectives.term import registered_terms, unregister_term
from puppyslug.objectives.terms.layer import LayerTerm


def test_a_class_is_registered_until_it_is_removed():
    @register_term
    class OtherTerm(LayerTerm):
        call = "other"

    assert OtherTerm in registered_terms()
    unregister_term(OtherTerm)
    assert OtherTerm not in registered_terms()


@pytest.mark.parametrize("syntax", [{"call": "see"}, {"pattern": LayerTerm.pattern}, {}])
def test_a_term_needs_a_syntax_of_its_own(syntax):
    before = registered_terms()
    with pytest.raises(ValueError, match="ClashingTerm"):
        register_term(type("ClashingTerm", (Term,), syntax))
    assert registered_terms() == before
