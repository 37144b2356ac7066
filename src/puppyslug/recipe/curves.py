"""Curves: settings of a film as functions of the frame, as text such as ``1.01 + 0.04*bass``.

A curve is an expression; or expressions at keys, as Deforum writes them: ``0:(1.02), 40:(1.1)``.
The curve of an objective is a list with an index: ``[relu3_3, relu4_1][beat_number//8 % 2]``.
Nothing here imports torch or NumPy.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from puppyslug.errors import RecipeError, suggest
from puppyslug.recipe.expressions import CONSTANT_NAMES, Expression, parse_expression
from puppyslug.recipe.schedule import SCHEDULABLE_FIELDS

INTERPOLATIONS = ("linear", "step", "cubic", "ease")
MAX_CURVE_LENGTH = 20_000  # characters
MAX_KEYS = 1000
MAX_CHOICES = 100  # objectives of a list
_PLACE = re.compile(r"(\d+(?:\.\d+)?)([sb])")
_MODE = re.compile(r"\s*([a-z]+)\s+(?=[^\s:,]*\s*:)")
_LIST = re.compile(r"\s*\[(?P<items>.*)\]\s*\[(?P<index>[^\[\]]*)\]\s*", re.DOTALL)
_OPENING, _CLOSING = "([", ")]"


@dataclass(frozen=True)
class Key:
    """A key of a curve.

    Attributes:
        place: the frame, or an expression of it.
        unit: "s" or "b" if the place is a number of seconds or beats, otherwise empty.
        value: the expression at this place; a number is interpolated up to the next key, any other
            expression applies to all frames up to there.
    """

    place: Expression
    unit: str
    value: Expression


@dataclass(frozen=True)
class Curve:
    """A valid curve.

    Attributes:
        keys: at least one; a curve without keys has its expression at frame 0.
        interpolation: one of ``INTERPOLATIONS``.
        choices: the objectives of which the value is the index; empty for curves of numbers.
    """

    keys: tuple[Key, ...]
    interpolation: str = "linear"
    choices: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The variables in it."""
        used = [key.value.names | key.place.names for key in self.keys]
        beats = {"frames_per_beat"} if any(key.unit == "b" for key in self.keys) else set()
        return frozenset(beats).union(*used)


def check_curves(curves: Mapping[str, str]) -> dict[str, str]:
    """Check curves of the fields of a recipe.

    Args:
        curves: texts by the names of fields; ``layer`` and ``see`` stand for the objective.

    Returns:
        The curves, that of ``layer`` or ``see`` as one of the objective.

    Raises:
        RecipeError: a field that cannot change in a film, or a text that is no curve.
    """
    checked: dict[str, str] = {}
    for field, text in curves.items():
        name, body = field.replace("-", "_"), str(text).strip()
        if name in ("layer", "see"):
            name, body = "objective", _as_objectives(name, body)
        if name not in SCHEDULABLE_FIELDS:
            choices = ("layer", "see", *sorted(SCHEDULABLE_FIELDS))
            raise RecipeError(
                f"{field[:40]!r} cannot change in a film; {suggest(field[:40], choices)}"
            )
        if name in checked:
            raise RecipeError(f"{field} has two curves; leave out one of them")
        try:
            parse_curve(body, is_objective=name == "objective")
        except RecipeError as error:
            raise RecipeError(f"{field}: {error}") from error
        checked[name] = body
    return checked


@functools.lru_cache(maxsize=256)
def parse_curve(text: str, *, is_objective: bool = False) -> Curve:
    """Parse the text of a curve.

    Args:
        text: the curve.
        is_objective: whether it chooses from a list of objectives.

    Raises:
        RecipeError: it cannot be parsed.
    """
    if len(text) > MAX_CURVE_LENGTH:
        raise RecipeError(
            f"the curve has {len(text)} characters; at most {MAX_CURVE_LENGTH} are allowed"
        )
    if is_objective:
        items, index = _split_list(text)
        start = Key(parse_expression("0"), "", parse_expression(index))
        return Curve((start,), "step", items)
    mode = _MODE.match(text)
    interpolation = mode[1] if mode else "linear"
    if interpolation not in INTERPOLATIONS:
        raise RecipeError(
            f"unknown interpolation {interpolation[:40]}; {suggest(interpolation, INTERPOLATIONS)}"
        )
    parts = _split(text[mode.end() :] if mode else text, ",")
    if len(_split(parts[0], ":")) == 1:
        return Curve((Key(parse_expression("0"), "", parse_expression(text)),))
    if not parts[-1].strip():
        parts.pop()  # a comma at the end
    if len(parts) > MAX_KEYS:
        raise RecipeError(f"the curve has {len(parts)} keys; at most {MAX_KEYS} are allowed")
    return Curve(tuple(map(_parse_key, parts)), interpolation)


def objectives_in(curves: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return all objectives that curves choose from."""
    text = (curves or {}).get("objective")
    return () if text is None else parse_curve(text, is_objective=True).choices


def names_in(curves: Mapping[str, str] | None) -> frozenset[str]:
    """Return the names of all variables in curves."""
    parsed = [
        parse_curve(text, is_objective=field == "objective")
        for field, text in (curves or {}).items()
    ]
    return frozenset().union(*(curve.names for curve in parsed))


def without_fields(
    curves: Mapping[str, str] | None, fields: Iterable[str]
) -> dict[str, str] | None:
    """Return curves without those of some fields; None if none is left."""
    dropped = set(fields)
    return {name: text for name, text in (curves or {}).items() if name not in dropped} or None


def _parse_key(text: str) -> Key:
    """Parse a key such as ``40:(1.1)``, ``4s:1.1`` or ``(max_f-1):(1)``."""
    place, *values = _split(text, ":")
    if len(values) != 1 or not place.strip():
        raise RecipeError(
            f"the key {text.strip()[:40]!r} cannot be parsed; write FRAME:(EXPRESSION), such as "
            "40:(1.02)"
        )
    value = values[0].strip()
    value = value[1:-1] if value[:1] == value[-1:] and value[:1] in ("'", '"') else value
    place = place.strip().strip("'\"")
    unit = _PLACE.fullmatch(place)
    frame = parse_expression(unit[1] if unit else place)
    if changing := sorted(frame.names - set(CONSTANT_NAMES) - {"frames_per_beat", "tempo"}):
        raise RecipeError(
            f"the place of a key cannot depend on {changing[0]}, as {place[:40]} does"
        )
    return Key(frame, unit[2] if unit else "", parse_expression(value))


def _split(text: str, separator: str) -> list[str]:
    """Split a text where a separator is not enclosed in parentheses or brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _split_list(text: str) -> tuple[tuple[str, ...], str]:
    """Split ``[A, B, …][INDEX]`` into the objectives and the index."""
    match = _LIST.fullmatch(text)
    if match is None:
        raise RecipeError(
            f"{text[:60]!r} is no list with an index; write one such as "
            "[relu3_3, relu4_1][beat_number//8 % 2], or a keyframe such as 4s:relu4_1"
        )
    items = tuple(item.strip() for item in _split(match["items"], ","))
    if not all(items) or len(items) > MAX_CHOICES:
        raise RecipeError(f"the list {text[:60]!r} has an empty item, or more than {MAX_CHOICES}")
    return items, match["index"]


def _as_objectives(field: str, text: str) -> str:
    """Return the curve of ``layer`` or ``see`` as one of the objective."""
    items, index = _split_list(text)
    named = [f"see({item})" if field == "see" else item for item in items]
    return f"[{', '.join(named)}][{index.strip()}]"
