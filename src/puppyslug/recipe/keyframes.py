"""Keyframes: settings of a film over time, from text such as ``4s:relu5_2`` or from JSON."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from puppyslug.errors import RecipeError
from puppyslug.objectives import parse_objective
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.schedule import SCHEDULABLE_FIELDS, Change
from puppyslug.recipe.settings import check_recipe_length
from puppyslug.recipe.sizes import parse_share

_TIME = re.compile(r"\s*(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<seconds>s?)\s*$")
_SETTING = re.compile(r"\s*(?P<field>[a-z_-]+)\s*=\s*(?P<value>.*)$", re.DOTALL)
MAX_FILE_BYTES = 1_000_000


def parse_keyframes(texts: Sequence[str], fps: Fraction) -> tuple[Change, ...]:
    """Parse keyframes; values are interpolated between two keyframes of one setting.

    Args:
        texts: ``FRAME:OBJECTIVE`` or ``FRAME:SETTING=VALUE``, where the frame may also be a time
            such as ``4s``; or the name of a JSON file with
            ``{"4s": {"objective": …, "zoom": …}}``. ``layer`` and ``see`` name an objective, too.
        fps: frames per second.

    Raises:
        RecipeError: a keyframe cannot be parsed.
    """
    changes: list[Change] = []
    for text in texts:
        if text.endswith(".json"):
            changes += _read_file(Path(text), fps)
        else:
            time, colon, rest = text.partition(":")
            if not colon or not rest.strip():
                raise RecipeError(
                    f"the keyframe {text!r} cannot be parsed; write FRAME:OBJECTIVE or "
                    "FRAME:SETTING=VALUE, such as 4s:relu5_2 or 100:zoom=1.02"
                )
            setting = _SETTING.match(rest)
            field = setting["field"].replace("-", "_") if setting else "objective"
            value = setting["value"] if setting else rest
            changes.append(_make_change(_parse_frame(time, fps), field, value))
    return _with_easing(changes)


def with_keyframes(recipe: Recipe, changes: tuple[Change, ...]) -> Recipe:
    """Return a recipe with a schedule; keyframes at frame 0 set the recipe's own fields.

    Raises:
        RecipeError: the value of a keyframe is out of range, or there are too many.
    """
    if not changes:
        return recipe
    initial = {change.field: change.value for change in changes if change.frame == 0}
    schedule = tuple(change for change in changes if change.frame)
    changed = recipe.with_settings(initial)
    settings = {**changed.model_dump(), "schedule": schedule}
    if changed.has_default_octaves:
        del settings["octaves"]
    result = Recipe.complete(settings)
    check_recipe_length(len(result.to_json()))  # the film holds it, and others may use it
    return result


def name_classes(changes: Sequence[Change]) -> bool:
    """Return whether keyframes have objectives that name a class, so that a network needs some."""
    texts = [str(change.value) for change in changes if change.field == "objective"]
    return any(
        isinstance(term, SeeTerm) for text in texts for _, term in parse_objective(text).terms
    )


def _read_file(path: Path, fps: Fraction) -> list[Change]:
    try:
        with path.open(encoding="utf-8") as file:
            table = json.loads(file.read(MAX_FILE_BYTES))
    except OSError as error:
        raise RecipeError(f"the keyframes {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the keyframes {path} are not valid JSON: {error}") from error
    if not isinstance(table, Mapping) or not all(isinstance(v, Mapping) for v in table.values()):
        raise RecipeError(
            f"the keyframes {path} are not a JSON object such as "
            '{"4s": {"objective": "relu5_2"}}'
        )
    return [
        _make_change(_parse_frame(time, fps), str(field), value)
        for time, settings in table.items()
        for field, value in settings.items()
    ]


def _parse_frame(text: str, fps: Fraction) -> int:
    """Convert a frame number or a time to a frame number."""
    match = _TIME.match(text)
    if match is None:
        raise RecipeError(
            f"{text[:40]!r} is neither a frame nor a time; write a number such as 100, or 4s"
        )
    number = Fraction(match["number"])
    return round(number * fps if match["seconds"] else number)


def _make_change(frame: int, field: str, value: object) -> Change:
    if field in ("layer", "see"):
        name = str(value).strip()
        field, value = "objective", f"see({name})" if field == "see" else name
    if field not in SCHEDULABLE_FIELDS:
        raise RecipeError(
            f"{field!r} cannot change in a film; use one of {', '.join(sorted(SCHEDULABLE_FIELDS))}"
        )
    if field == "objective":
        return Change(frame, 0, 0, field, str(value).strip())
    try:
        number = parse_share(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RecipeError(f"{field} should be a number, not {value!r}")
    return Change(frame, 0, 0, field, int(number) if number.is_integer() else number)


def _with_easing(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes in order; all but the first of each field are eased."""
    result = []
    fields: set[str] = set()
    for change in sorted(changes, key=lambda one: one.frame):
        result.append(change._replace(eased=change.field in fields))
        fields.add(change.field)
    return tuple(result)
