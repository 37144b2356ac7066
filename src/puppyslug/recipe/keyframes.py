"""Keyframes: settings of a film over time, from text such as ``4s:relu5_2`` or from JSON."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from puppyslug.errors import RecipeError
from puppyslug.recipe.recipe import KEYED, STEERABLE, Change, Recipe

_PLACE = re.compile(r"\s*(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<seconds>s?)\s*$")
_SETTING = re.compile(r"\s*(?P<field>[a-z_-]+)\s*=\s*(?P<value>.*)$", re.DOTALL)
MAX_FILE_BYTES = 1_000_000


def read_keyframes(texts: Sequence[str], fps: Fraction) -> tuple[Change, ...]:
    """Read keyframes; between two of one setting, it is eased.

    Args:
        texts: ``FRAME:OBJECTIVE`` or ``FRAME:SETTING=VALUE``, where a frame may also be a time
            such as ``4s``; or a file ``NAME.json`` with ``{"4s": {"objective": …, "zoom": …}}``.
        fps: frames a second.

    Raises:
        RecipeError: a keyframe cannot be read.
    """
    changes: list[Change] = []
    for text in texts:
        if text.endswith(".json"):
            changes += _from_file(Path(text), fps)
        else:
            place, colon, rest = text.partition(":")
            if not colon or not rest.strip():
                raise RecipeError(
                    f"the keyframe {text!r} cannot be read; write FRAME:OBJECTIVE or "
                    "FRAME:SETTING=VALUE, such as 4s:relu5_2 or 100:zoom=1.02"
                )
            setting = _SETTING.match(rest)
            field = setting["field"].replace("-", "_") if setting else "objective"
            changes.append(
                _change(_frame(place, fps), field, setting["value"] if setting else rest)
            )
    return _eased(changes)


def with_keyframes(recipe: Recipe, changes: tuple[Change, ...]) -> Recipe:
    """The recipe with a schedule; what a first keyframe at 0 says is the recipe's own.

    Raises:
        RecipeError: a keyframe's value is out of range.
    """
    if not changes:
        return recipe
    start = {change.field: change.value for change in changes if change.frame == 0}
    rest = tuple(change for change in changes if change.frame)
    complete = recipe.with_settings(start)
    settings = {**complete.model_dump(), "schedule": rest}
    return Recipe.complete(settings)


def _from_file(path: Path, fps: Fraction) -> Iterable[Change]:
    try:
        with path.open(encoding="utf-8") as file:
            table = json.loads(file.read(MAX_FILE_BYTES))
    except OSError as error:
        raise RecipeError(f"the keyframes {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the keyframes {path} are not JSON: {error}") from error
    if not isinstance(table, Mapping) or not all(isinstance(v, Mapping) for v in table.values()):
        raise RecipeError(
            f'the keyframes {path} are no table such as {{"4s": {{"objective": "relu5_2"}}}}'
        )
    return [
        _change(_frame(place, fps), str(field), value)
        for place, settings in table.items()
        for field, value in settings.items()
    ]


def _frame(place: str, fps: Fraction) -> int:
    match = _PLACE.match(place)
    if match is None:
        raise RecipeError(f"{place[:40]!r} is no frame or time; write a number such as 100, or 4s")
    number = Fraction(match["number"])
    return round(number * fps if match["seconds"] else number)


def _change(frame: int, field: str, value: object) -> Change:
    if field not in STEERABLE | KEYED:
        raise RecipeError(
            f"{field!r} cannot change in a film; {', '.join(sorted(STEERABLE | KEYED))} can"
        )
    if field == "objective":
        return Change(frame, 0, 0, field, str(value).strip())
    try:
        number = float(str(value))
    except ValueError as error:
        raise RecipeError(f"{field} is a number, not {value!r}") from error
    if not math.isfinite(number):
        raise RecipeError(f"{field} is a number, not {value!r}")
    return Change(frame, 0, 0, field, int(number) if number.is_integer() else number)


def _eased(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes in order; all of a setting are approached, but for its first."""
    result = []
    met: set[str] = set()
    for change in sorted(changes, key=lambda one: one.frame):
        result.append(change._replace(eased=change.field in met))
        met.add(change.field)
    return tuple(result)
