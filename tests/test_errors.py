import re

import pytest

from puppyslug import errors
from puppyslug.errors import (
    PuppyslugError,
    command_line_messages,
    option,
    plural,
    suggest,
)


def subclasses(error: type) -> list[type]:
    return [one for sub in error.__subclasses__() for one in (sub, *subclasses(sub))]


def test_the_docstring_lists_every_exception_of_the_module():
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__)
    defined = [one for one in subclasses(PuppyslugError) if one.__module__ == errors.__name__]
    assert sorted(drawn) == sorted(one.__name__ for one in defined)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vgg91", "did you mean vgg19?"),
        ("VGG19", "did you mean vgg19?"),
        ("zzz", "choose from vgg19, googlenet"),
    ],
)
def test_similar_names_are_suggested_else_all(name, expected):
    assert suggest(name, ["vgg19", "googlenet"]) == expected


def test_few_of_many_names_are_listed():
    text = suggest("?", [f"name{number}" for number in range(100)])
    assert text.endswith("…")
    assert text.count(",") == 20


def test_plurals():
    assert [plural(count, "worker") for count in (0, 1, 2)] == [
        "0 workers",
        "1 worker",
        "2 workers",
    ]


def test_options_are_named_as_the_user_sets_them():
    in_python = [option("size"), option("size", "full"), option("force")]
    assert in_python == ["size", 'size="full"', "overwrite=True"]
    with command_line_messages():
        assert [option("size"), option("size", "full")] == ["--size", "--size full"]
        assert option("force") == "--force"
    assert option("force") == "overwrite=True"
