"""Masks by class, from text and back."""

import pytest

from puppyslug.errors import LabelError, ObjectiveError
from puppyslug.labels import find_label
from puppyslug.objectives import parse_mask


@pytest.mark.parametrize(
    ("text", "expected", "inverted"),
    [
        ("see(CAT)", "see(cat)", False),
        (" not  see(cats) ", "not see(cat)", True),
        ('see("golden_retriever")', "see(golden retriever)", False),
    ],
)
def test_text_and_back(text, expected, inverted):
    mask = parse_mask(text)
    assert str(mask) == expected
    assert mask.inverted is inverted
    assert parse_mask(expected) == mask


def test_a_group_covers_all_of_its_classes():
    assert parse_mask("see(shark)").term.classes == find_label("shark").class_numbers


def test_what_is_not_a_mask_is_refused():
    for text in ("cat", "see(cat", "see(cat) + see(dog)", "2*see(cat)", "not cat", "x" * 3000):
        with pytest.raises(ObjectiveError, match=r"see\(NAME\)"):
            parse_mask(text)


def test_an_unknown_class_suggests_a_similar_one():
    with pytest.raises(LabelError, match=r"goldn retreiver.*golden retriever"):
        parse_mask("see(goldn retreiver)")
