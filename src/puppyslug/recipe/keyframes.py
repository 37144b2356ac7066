"""Keyframes: settings of a film over time, from text such as ``4s:relu5_2`` or from JSON."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from puppyslug.errors import RecipeError
from puppyslug.objectives import parse_objective
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe.curves import check_curves, objectives_in, without_fields
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.schedule import SCHEDULABLE_FIELDS, Change
from puppyslug.recipe.settings import check_recipe_length
from puppyslug.recipe.sizes import parse_share
from puppyslug.recipe.timeline import Music, Timeline

_TIME = re.compile(r"\s*(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>[sb]?)\s*$")
_SETTING = re.compile(r"\s*(?P<field>[a-z_-]+)\s*=\s*(?P<value>.*)$", re.DOTALL)
MAX_FILE_BYTES = 1_000_000


def parse_keyframes(
    texts: Sequence[str], fps: Fraction, music: Music | None = None
) -> tuple[Change, ...]:
    """Parse keyframes; values are interpolated between two keyframes of one setting.

    Curves, such as ``zoom=1.01+0.04*bass``, are left to ``parse_curves``.

    Args:
        texts: ``FRAME:OBJECTIVE`` or ``FRAME:SETTING=VALUE``, where the frame may also be a time
            such as ``4s``, or a beat such as ``8b``; or the name of a JSON file with
            ``{"4s": {"objective": …, "zoom": …}}``. ``layer`` and ``see`` name an objective, too.
        fps: frames per second.
        music: the song whose beats are counted.

    Raises:
        RecipeError: a keyframe cannot be parsed, or there are no beats to count.
    """
    timeline = Timeline(1, fps, music=music)
    changes: list[Change] = []
    for text in texts:
        if text.endswith(".json"):
            changes += [
                _make_change(_parse_frame(time, timeline), str(field), value)
                for time, settings in _read_file(Path(text)).items()
                if isinstance(settings, Mapping)
                for field, value in settings.items()
            ]
        elif not _SETTING.match(text):
            time, colon, rest = text.partition(":")
            if not colon or not rest.strip():
                raise RecipeError(
                    f"the keyframe {text!r} cannot be parsed; write FRAME:OBJECTIVE or "
                    "FRAME:SETTING=VALUE, such as 4s:relu5_2 or 100:zoom=1.02"
                )
            setting = _SETTING.match(rest)
            field = setting["field"].replace("-", "_") if setting else "objective"
            value = setting["value"] if setting else rest
            changes.append(_make_change(_parse_frame(time, timeline), field, value))
    return _with_easing(changes)


def parse_curves(texts: Sequence[str]) -> dict[str, str]:
    """Parse curves: settings as functions of the frame.

    Args:
        texts: ``SETTING=CURVE``, such as ``zoom=1.01+0.04*bass`` or ``zoom=0:(1.02), 40:(1.1)``;
            or the name of a JSON file with ``{"zoom": "1.01+0.04*bass"}``. Keyframes are left to
            ``parse_keyframes``.

    Returns:
        The curves by the names of the fields, as in ``curves`` of a recipe.

    Raises:
        RecipeError: a curve cannot be parsed, or a setting has two.
    """
    pairs: list[tuple[str, str]] = []
    for text in texts:
        if text.endswith(".json"):
            pairs += [
                (str(field), str(curve))
                for field, curve in _read_file(Path(text)).items()
                if not isinstance(curve, Mapping)
            ]
        elif setting := _SETTING.match(text):
            pairs.append((setting["field"], setting["value"]))
    curves: dict[str, str] = {}
    for field, curve in pairs:
        for name, body in check_curves({field: curve}).items():
            if name in curves:
                raise RecipeError(f"{field} has two curves; leave out one of them")
            curves[name] = body
    return curves


def with_curves(
    recipe: Recipe, curves: Mapping[str, str], changes: Sequence[Change] = ()
) -> Recipe:
    """Return a recipe with curves, which replace its own curves and keyframes of the same fields.

    Args:
        recipe: the recipe, with its keyframes.
        curves: what ``parse_curves`` returned.
        changes: the keyframes that were given together with the curves; they replace the recipe's
            curves of the same fields.

    Raises:
        RecipeError: a field has both.
    """
    keyed = {change.field for change in changes}
    if both := sorted(keyed & curves.keys()):
        raise RecipeError(f"{both[0]} has keyframes and a curve; leave out one of them")
    merged = {**(without_fields(recipe.curves, keyed) or {}), **curves} or None
    if merged == recipe.curves:
        return recipe
    schedule = tuple(change for change in recipe.schedule if change.field not in curves)
    result = recipe.with_settings({"curves": merged, "schedule": schedule})
    checked = Recipe.complete({**result.to_settings(), "schedule": schedule})  # the objectives, too
    check_recipe_length(len(checked.to_json()))
    return result


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


def name_classes(changes: Sequence[Change], curves: Mapping[str, str] | None = None) -> bool:
    """Return whether keyframes or curves name a class, so that a network needs some."""
    texts = [str(change.value) for change in changes if change.field == "objective"]
    texts += objectives_in(curves)
    return any(
        isinstance(term, SeeTerm) for text in texts for _, term in parse_objective(text).terms
    )


def _read_file(path: Path) -> dict[str, Any]:
    """Read a JSON file of keyframes, which are objects, and curves, which are texts or numbers."""
    try:
        with path.open(encoding="utf-8") as file:
            table = json.loads(file.read(MAX_FILE_BYTES))
    except OSError as error:
        raise RecipeError(f"the keyframes {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the keyframes {path} are not valid JSON: {error}") from error
    kinds = (Mapping, str, int, float)
    is_table = isinstance(table, Mapping) and all(isinstance(v, kinds) for v in table.values())
    places = is_table and [name for name in table if _TIME.match(name)]
    if not is_table or not all(isinstance(table[name], Mapping) for name in places or ()):
        raise RecipeError(
            f"the keyframes {path} are not a JSON object such as "
            '{"4s": {"objective": "relu5_2"}, "zoom": "1.01+0.04*sin(t/10)"}'
        )
    return dict(table)


def _parse_frame(text: str, timeline: Timeline) -> int:
    """Convert a frame number or a time to a frame number."""
    match = _TIME.match(text)
    if match is None:
        raise RecipeError(
            f"{text[:40]!r} is neither a frame nor a time; write a number such as 100, 4s or 8b"
        )
    number = Fraction(match["number"])
    if match["unit"] == "b":
        return timeline.frame_of_beat(float(number))
    return round(number * timeline.fps if match["unit"] else number)


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
