"""Masks by what is in a picture, from text and back."""

import pytest

from puppyslug.errors import LabelError, ObjectiveError
from puppyslug.labels import find_label
from puppyslug.objectives import MASK_NAMES, is_mask_expression, parse_mask


@pytest.mark.parametrize(
    ("text", "expected", "inverted"),
    [
        ("see(CAT)", "see(cat)", False),
        (" not  see(cats) ", "not see(cat)", True),
        ('see("golden_retriever")', "see(golden retriever)", False),
    ],
)
def test_a_class_and_back(text, expected, inverted):
    mask = parse_mask(text)
    assert str(mask) == expected
    assert mask.inverted is inverted
    assert parse_mask(expected) == mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((name, name) for name in MASK_NAMES),
        ("not not face", "face"),
        ("( not  face )", "not face"),
        ("face or dark and not edges", "face or (dark and not edges)"),
        ("(face or dark) and bright", "(face or dark) and bright"),
        ("not (face or person)", "not (face or person)"),
        ("colour(SkyBlue)", "color(#87ceeb)"),
        ("color(#F00, 12.5)", "color(#ff0000, 12.5)"),
        ("grow( face ,10)", "grow(face, 10)"),
        ("face grow(-3) feather(2.5)", "feather(grow(face, -3), 2.5)"),
        ("not person grow(4)", "not grow(person, 4)"),
        ("feather(see(cat) or bright, 8)", "feather(see(cat) or bright, 8)"),
    ],
)
def test_text_and_back(text, expected):
    mask = parse_mask(text)
    assert str(mask) == expected
    assert parse_mask(expected) == mask


def test_a_group_covers_all_of_its_classes():
    assert parse_mask("see(shark)").term.classes == find_label("shark").class_numbers


@pytest.mark.parametrize(
    "text",
    [
        "cat", "see(cat", "see(cat) + see(dog)", "2*see(cat)", "not cat", "x" * 3000, "",
        "face and",
        "face bright", "grow(face)", "grow(face, x)", "face grow(2000)", "(face", "face)", "not",
        "(" * 60 + "face" + ")" * 60,
    ],
)  # fmt: skip
def test_what_is_not_a_mask_is_refused(text):
    with pytest.raises(ObjectiveError, match=r"see\(NAME\)"):
        parse_mask(text)


@pytest.mark.parametrize("text", ["color(#12345)", "color(nocolour)", "color(red, 0)"])
def test_an_invalid_colour_is_refused(text):
    with pytest.raises(ObjectiveError, match="colour"):
        parse_mask(text)


def test_similar_names_are_suggested():
    with pytest.raises(LabelError, match=r"goldn retreiver.*golden retriever"):
        parse_mask("see(goldn retreiver)")
    with pytest.raises(ObjectiveError, match="'foregrund' is not a mask; did you mean foreground"):
        parse_mask("not foregrund")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not see(cat)", True), ("(face or dark)", True), ("color(red)", True), ("face", True),
        ("not hair", True), ("face.png", False), ("not mine.png", False), ("edges-2.png", False),
        ("faces.png", False), ("dir/face", False), ("mask.png", False),
    ],
)  # fmt: skip
def test_expressions_are_told_from_files(text, expected):
    assert is_mask_expression(text) is expected
