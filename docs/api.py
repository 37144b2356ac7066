"""Writes docs/api.md, the reference of the Python library, from the docstrings."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, Unpack, get_args, get_origin

import griffe
from pydantic import BaseModel

import puppyslug
from puppyslug import Recipe, errors

PAGE = Path(__file__).with_name("api.md")
INTRODUCTION = """# The Python library

Every name of `puppyslug`, as in `puppyslug.dream`. This page is generated from the docstrings.

Pictures are tensors N×3×H×W, float32 RGB in [0, 1]; sizes are (height, width) in pixels, and
positions (row, column). Every error is a `PuppyslugError`, with a message of one line.
"""


class _Name(str):
    """A default value that is shown by its name."""

    __repr__ = str.__str__


def render_page() -> str:
    """Return the whole page as Markdown."""
    values = {name: getattr(puppyslug, name) for name in puppyslug.__all__}
    functions = [name for name, value in values.items() if not inspect.isclass(value)]
    classes = [name for name in values if name not in functions and name != "PuppyslugError"]
    parts = [INTRODUCTION, "## Functions\n"]
    parts += [_render_function(name, values[name], "###") for name in functions]
    parts += ["## Classes\n"]
    parts += [_render_class(name, values[name]) for name in classes]
    parts += ["## Errors\n", inspect.cleandoc(errors.__doc__ or ""), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _render_function(name: str, function: Any, heading: str) -> str:
    """Render a function or method: its signature, and the sections of its docstring."""
    signature = inspect.signature(function)
    parameters = [
        one.replace(annotation=inspect.Parameter.empty)
        for one in signature.parameters.values()
        if one.name not in ("self", "cls")
    ]
    parameters = [
        one.replace(default=_Name(one.default.__name__)) if inspect.isfunction(one.default) else one
        for one in parameters
    ]
    plain = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    annotations = {
        one.name: _name_type(one.annotation) for one in signature.parameters.values()
    } | {"return": _name_type(signature.return_annotation)}
    return "\n".join(
        [
            f"{heading} `{name}`\n",
            f"```\n{name}{plain}\n```\n",
            *_sections(function, annotations),
        ]
    )


def _render_class(name: str, value: type) -> str:
    """Render a class: its docstring, properties and public methods."""
    fields = {one: _name_type(kind) for one, kind in inspect.get_annotations(value).items()}
    sections = list(_sections(value, fields))
    if issubclass(value, BaseModel) and "Attributes:\n" in sections:
        sections = sections[: sections.index("Attributes:\n")]  # they are in the table
    parts = [f"### `{name}`\n", *sections]
    for base in value.__mro__[1:]:  # attributes that are described there
        if base.__module__.startswith("puppyslug") and not issubclass(value, BaseModel):
            inherited = {
                one: _name_type(kind) for one, kind in inspect.get_annotations(base).items()
            }
            sections = list(_sections(base, inherited))
            if "Attributes:\n" in sections:
                parts += [
                    f"And of `{base.__name__}`:\n",
                    *sections[sections.index("Attributes:\n") + 1 :],
                ]
    if issubclass(value, BaseModel):
        parts += _field_table(value)
    properties, methods = [], []
    for member, found in _public_members(value):
        function = getattr(found, "__func__", found)
        if isinstance(found, property):
            summary = _inline((inspect.getdoc(found) or "").split("\n\n")[0])
            properties.append(f"- `{member}`: {summary}")
        elif inspect.isfunction(function):
            methods.append(_render_function(f"{name}.{member}", function, "####"))
    if properties:
        parts += ["Properties:\n", *properties, ""]
    return "\n".join([*parts, *methods])


def _field_table(model: type[BaseModel]) -> Iterator[str]:
    """Yield the fields of a recipe as a table, with their types, ranges and defaults."""
    docstring = griffe.Docstring(inspect.getdoc(model) or "", parser="google").parse(warnings=False)
    attributes = [one.value for one in docstring if one.kind.value == "attributes"]
    described = {one.name: _inline(one.description) for found in attributes for one in found}
    yield "| field | meaning | type and range | default |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        limits = [str(one) for one in field.metadata if hasattr(one, "__slots__")]
        limits = [re.sub(r"\w+\((\w+)=(.*)\)", r"\1 \2", one) for one in limits]
        for word, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            limits = [re.sub(rf"^{word} ", f"{sign} ", one) for one in limits]
        kind = ", ".join([f"`{_name_type(field.annotation)}`", *limits])
        default = "" if field.is_required() or field.default_factory else f"`{field.default!r}`"
        other = Recipe.model_fields.get(name)
        meaning = field.description or described.get(name) or (other and other.description) or ""
        yield f"| `{name}` | {meaning} | {kind} | {default} |"
    yield ""


def _public_members(value: type) -> Iterator[tuple[str, Any]]:
    """Yield the documented members of a class that puppyslug defines, also of its bases."""
    seen: set[str] = set()
    for base in value.__mro__:
        if base.__module__.startswith("puppyslug"):
            for name, member in vars(base).items():
                if not name.startswith("_") and name not in seen and inspect.getdoc(member):
                    seen.add(name)
                    yield name, member


def _sections(value: Any, annotations: dict[str, str]) -> Iterator[str]:
    """Yield the sections of a docstring in Google's style as Markdown."""
    docstring = griffe.Docstring(inspect.getdoc(value) or "", parser="google")
    for section in docstring.parse(warnings=False):
        kind, content = section.kind.value, section.value
        if kind == "text":
            yield f"{_literals(content)}\n"
        elif kind in ("parameters", "attributes"):
            yield f"{kind.capitalize()}:\n"
            for one in content:
                name = one.name.lstrip("*")
                type_name = annotations.get(name, "")
                kind_text = f" (`{type_name}`)" if type_name else ""
                yield f"- `{one.name}`{kind_text}: {_inline(one.description)}"
            yield ""
        elif kind in ("returns", "yields"):
            described = " ".join(
                _inline(
                    f"{one.annotation}: {one.description}" if one.annotation else one.description
                )
                for one in content
            )
            type_name = annotations.get("return", "")
            yield f"{kind.capitalize()}{type_name and f' `{type_name}`'}: {described}\n"
        elif kind == "raises":
            yield "Raises:\n"
            yield from (f"- `{one.annotation}`: {_inline(one.description)}" for one in content)
            yield ""
        else:
            yield f"{_literals(str(content))}\n"


def _name_type(annotation: Any) -> str:
    """Return an annotation without the modules of its names."""
    if annotation is inspect.Parameter.empty:
        return ""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Unpack, Annotated):
        return _name_type(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_name_type(one) for one in arguments))
    if origin is Literal:
        return " or ".join(repr(one) for one in arguments)
    if annotation is type(None):
        return "None"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+(\w+)", r"\1", text).replace("|", "or").replace("'", "")


def _inline(text: str) -> str:
    return _literals(" ".join(text.split()))


def _literals(text: str) -> str:
    """Replace the double backticks of docstrings."""
    return re.sub(r"``([^`]+)``", r"`\1`", text)


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
