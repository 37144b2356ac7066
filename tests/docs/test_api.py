"""docs/api.md, which docs/api.py writes, and the docstrings that it consists of."""

import inspect
import runpy
from pathlib import Path

import pytest

import puppyslug

griffe = pytest.importorskip("griffe")
DOCS = Path(__file__).parents[2] / "docs"
FUNCTIONS = {
    name: getattr(puppyslug, name)
    for name in puppyslug.__all__
    if inspect.isfunction(getattr(puppyslug, name))
} | {
    f"{name}.{member}": function
    for name in puppyslug.__all__
    if inspect.isclass(cls := getattr(puppyslug, name))
    for member, found in inspect.getmembers(cls)
    if inspect.isroutine(function := getattr(found, "__func__", found))
    and not member.startswith("_")
    and (getattr(function, "__module__", "") or "").startswith("puppyslug")
}


def sections(value):
    parsed = griffe.Docstring(inspect.getdoc(value), parser="google").parse(warnings=False)
    return {section.kind.value: section.value for section in parsed}


def test_the_page_is_up_to_date():
    page = runpy.run_path(str(DOCS / "api.py"))["render_page"]()
    expected = (DOCS / "api.md").read_text(encoding="utf-8")
    assert page == expected, "run 'python docs/api.py'"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_of_a_public_function_is_documented(name):
    function = FUNCTIONS[name]
    parameters = [
        one for one in inspect.signature(function).parameters if one not in ("self", "cls")
    ]
    documented = [one.name.lstrip("*") for one in sections(function).get("parameters", [])]
    if "." in name and not documented and len(parameters) == 1:
        return  # the summary says what it is
    assert documented == parameters


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "." not in name])
def test_every_public_function_says_what_it_returns_and_raises(name):
    found, summary = sections(FUNCTIONS[name]), inspect.getdoc(FUNCTIONS[name])
    returned = str(inspect.signature(FUNCTIONS[name]).return_annotation)
    returns = "Objective" in returned or {"returns", "yields"} & found.keys()
    assert returns or "Return" in summary
    if name not in ("list_networks", "list_atlases"):
        assert "raises" in found


@pytest.mark.parametrize(
    "name", [n for n in puppyslug.__all__ if inspect.isclass(getattr(puppyslug, n))]
)
def test_every_attribute_of_a_public_class_is_documented(name):
    value = getattr(puppyslug, name)
    documented = {
        one.name
        for base in value.__mro__
        if base.__module__.startswith("puppyslug") and base.__doc__
        for one in sections(base).get("attributes", [])
    }
    fields = {
        one
        for base in value.__mro__
        if base.__module__.startswith("puppyslug") and not hasattr(value, "model_fields")
        for one in inspect.get_annotations(base)
        if not one.startswith("_")
    }
    assert fields <= documented
