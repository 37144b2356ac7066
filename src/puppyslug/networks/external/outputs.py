"""The tensors in the output of a module: a tensor, or a tuple, list, dict or dataclass of them."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

MAX_DEPTH = 4  # of nested outputs


class OutputId(NamedTuple):
    """A tensor that a module computes.

    Attributes:
        path: dotted name of the submodule; empty for the module itself.
        key: which tensor of the submodule's output it is, such as ``"logits"`` or ``"1"``; empty
            for a single tensor, and for the first of a tuple or list.
    """

    path: str
    key: str = ""


def flatten_output(output: Any) -> dict[str, Tensor]:
    """Return the tensors of floating-point numbers in an output by key, as in ``OutputId``.

    The keys of nested outputs are joined by dots.
    """
    return dict(_flatten(output, "", MAX_DEPTH))


def _flatten(output: Any, key: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(output, Tensor):
        if output.is_floating_point():
            yield key, output
        return
    if depth == 0:
        return
    for name, value in _items(output):
        yield from _flatten(value, f"{key}.{name}".strip(".") if name else key, depth - 1)


def _items(output: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a structure with their names."""
    if isinstance(output, Mapping):
        yield from ((str(name), value) for name, value in output.items())
    elif dataclasses.is_dataclass(output) and not isinstance(output, type):
        for field in dataclasses.fields(output):
            yield field.name, getattr(output, field.name)
    elif isinstance(output, tuple) and hasattr(output, "_fields"):
        yield from zip(output._fields, output, strict=True)
    elif isinstance(output, list | tuple):
        for number, value in enumerate(output):
            yield str(number) if number else "", value
