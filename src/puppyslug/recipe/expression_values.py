"""The values of expressions, for all frames of a film at once. Nothing here imports torch."""

import ast
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppyslug.recipe.expressions import Expression

Values = NDArray[np.float64]  # one number for each frame

DEFAULT_PULSE = 0.1  # share of a period
_HASH = np.uint64(0x9E3779B97F4A7C15)


def evaluate(expression: Expression, variables: Mapping[str, Values | float]) -> Values:
    """Compute an expression for all frames.

    Numbers are floats of 64 bits, comparisons give 0 or 1, and ``%`` and ``//`` round down, as in
    Python. What has no value (1/0, sqrt(-1), exp(1000)) is infinite or NaN.

    Args:
        expression: the expression.
        variables: its variables, each a number or an array with one for each frame.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_evaluate(expression.body, variables), np.float64)


def _evaluate(node: ast.expr, variables: Mapping[str, Values | float]) -> Any:
    if isinstance(node, ast.Constant):
        return np.float64(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return np.asarray(variables[node.id], np.float64)
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id](*[_evaluate(part, variables) for part in node.args])
    children = ast.iter_child_nodes(node)
    parts = [_evaluate(part, variables) for part in children if isinstance(part, ast.expr)]
    return _combine(node, parts)


def _combine(node: ast.expr, parts: list[Any]) -> Any:
    """Compute an operator from the values of its parts."""
    if isinstance(node, ast.BoolOp):
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return _reduce(combine, [part != 0 for part in parts]) * 1.0
    if isinstance(node, ast.Compare):
        pairs = zip(node.ops, parts, parts[1:], strict=False)
        return _reduce(np.logical_and, [_OPERATORS[type(op)](a, b) for op, a, b in pairs]) * 1.0
    if isinstance(node, ast.IfExp):
        return np.where(parts[0] != 0, parts[1], parts[2])
    assert isinstance(node, ast.BinOp | ast.UnaryOp)
    return _OPERATORS[type(node.op)](*parts)


def _reduce(function: Callable[[Any, Any], Any], values: list[Any]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


def _triangle(x: Values) -> Values:
    """Return a triangle wave of period 1 from -1 to 1, which is 0 at 0 and rises there."""
    return 1 - 4 * np.abs((x + 0.25) % 1 - 0.5)


def _saw(x: Values) -> Values:
    """Return a wave of period 1 that rises from -1 to 1."""
    return x % 1 * 2 - 1


def _square(x: Values) -> Values:
    """Return 1 in the first half of each period of 1, -1 in the second one."""
    return np.where(x % 1 < 0.5, 1.0, -1.0)


def _pulse(x: Values, width: Values | float = DEFAULT_PULSE) -> Values:
    """Return 1 in the first share of each period of 1, and 0 after it."""
    return np.where(x % 1 < width, 1.0, 0.0)


def _ramp(x: Values, start: Values, end: Values) -> Values:
    """Return 0 up to ``start``, 1 from ``end`` on, and a straight line between them."""
    return np.where(end == start, (x >= start) * 1.0, np.clip((x - start) / (end - start), 0, 1))


def _noise(x: Values, seed: Values | float = 0.0) -> Values:
    """Return smooth noise from -1 to 1, with a random value at every whole number."""
    before = np.floor(x)
    fraction = x - before
    eased = fraction * fraction * (3 - 2 * fraction)
    first, second = (_random(before + shift, np.asarray(seed, np.float64)) for shift in (0, 1))
    return first + (second - first) * eased


def _random(x: Values, seed: Values) -> Values:
    """Return a number from -1 to 1 for each whole number, by a hash (splitmix64)."""
    known = np.isfinite(x) & np.isfinite(seed)
    place = np.where(known, np.clip(x, -1e15, 1e15), 0).astype(np.int64).astype(np.uint64)
    order = np.where(known, np.clip(seed, -1e15, 1e15), 0).astype(np.int64).astype(np.uint64)
    state = place * _HASH + order * np.uint64(0xD1B54A32D192ED03) + _HASH
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state = state ^ (state >> np.uint64(31))
    return np.where(known, (state >> np.uint64(11)) / 2.0**52 - 1, math.nan)


_OPERATORS: Mapping[type, Callable[..., Any]] = MappingProxyType(
    {
        ast.Add: np.add,
        ast.Sub: np.subtract,
        ast.Mult: np.multiply,
        ast.Div: np.divide,
        ast.FloorDiv: np.floor_divide,
        ast.Mod: np.mod,
        ast.Pow: np.power,
        ast.BitAnd: lambda a, b: ((a != 0) & (b != 0)) * 1.0,
        ast.BitOr: lambda a, b: ((a != 0) | (b != 0)) * 1.0,
        ast.UAdd: np.positive,
        ast.USub: np.negative,
        ast.Not: lambda a: (a == 0) * 1.0,
        ast.Lt: np.less,
        ast.LtE: np.less_equal,
        ast.Gt: np.greater,
        ast.GtE: np.greater_equal,
        ast.Eq: np.equal,
        ast.NotEq: np.not_equal,
    }
)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **{
            name: getattr(np, name)
            for name in (
                "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh",
                "tanh", "exp", "sqrt", "log", "log10", "abs", "floor", "ceil",
            )
        },
        "min": lambda *values: _reduce(np.minimum, list(values)),
        "max": lambda *values: _reduce(np.maximum, list(values)),
        "where": lambda test, a, b: np.where(test != 0, a, b),
        "clamp": lambda x, low, high: np.minimum(np.maximum(x, low), high),
        "ramp": _ramp,
        "noise": _noise,
        "tri": _triangle,
        "saw": _saw,
        "sq": _square,
        "pulse": _pulse,
    }
)  # fmt: skip
