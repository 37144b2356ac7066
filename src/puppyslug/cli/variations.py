"""What differs between dreams of one command: presets, seeds, strengths, or any fields."""

import itertools
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, NamedTuple

import typer

from puppyslug.cli.help_panels import LOOK_PANEL
from puppyslug.errors import RecipeError, suggest
from puppyslug.recipe import PRESETS, Recipe, expand_shorthand, merge_settings
from puppyslug.recipe.defaults import MOVING_PRESETS, SEE_PRESET, SHEET_STRENGTHS
from puppyslug.recipe.sheet_recipe import MAX_DREAMS

Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="FIELD=VALUES",
        help="one dream for each value of any field, such as seed=1..9, octaves=3,5,7 or "
        "strength=0.2..1..0.2 (repeatable: all combinations)",
        rich_help_panel=LOOK_PANEL,
    ),
]
_SHORTHAND = ("layer", "see", "channel", "strongest")
_FIXED = frozenset(
    (
        "recipe_version",
        "version",
        "photo",
        "composed",
        "stop_after",
        "schedule",
        "guides",
        "size",
        "curves",
        "music",
        "attack",
        "release",
    )
)
_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:\.\.({_NUMBER}))?")
_COMMA = re.compile(r",(?![^(]*\))")  # outside of parentheses


class Variation(NamedTuple):
    """One of the dreams of a command.

    Attributes:
        settings: fields of a recipe or shorthand, which differ from the others'.
        label: what they are, for the caption.
    """

    settings: Mapping[str, object]
    label: str


def choose_variations(
    *,
    presets: bool = False,
    names_thing: bool = False,
    seeds: int | None = None,
    strengths: bool = False,
    vary: Sequence[str] = (),
) -> list[Variation]:
    """Return all combinations of what the options of a command vary; empty if they vary nothing.

    Args:
        presets: whether to compare presets.
        names_thing: whether a thing is named, without which the preset of ``see`` has no meaning.
        seeds: number of seeds to compare, or None.
        strengths: whether to compare strengths.
        vary: values of ``--vary``.

    Raises:
        RecipeError: no such field, values that are not understood, or too many dreams.
    """
    axes: list[tuple[str, list[str]]] = []
    if presets:
        without = MOVING_PRESETS if names_thing else (*MOVING_PRESETS, SEE_PRESET)
        axes.append(("preset", [name for name in PRESETS if name not in without]))
    if seeds is not None:
        axes.append(("seed", [str(number) for number in range(1, seeds + 1)]))
    if strengths:
        axes.append(("strength", [str(value) for value in SHEET_STRENGTHS]))
    axes += [_parse_axis(text) for text in vary]
    names = [name for name, _ in axes]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RecipeError(f"{twice} is varied twice; name all of its values at once")
    count = 1
    for _, values in axes:
        count *= len(values)
    if count > MAX_DREAMS:
        raise RecipeError(f"that is {count} dreams; at most {MAX_DREAMS} can be compared")
    if not axes:
        return []
    combinations = itertools.product(*(values for _, values in axes))
    return [
        Variation(dict(zip(names, values, strict=True)), _label(names, values))
        for values in combinations
    ]


def vary_recipe(fields: Mapping[str, object], variation: Variation) -> Recipe:
    """Return the recipe of a variation.

    Args:
        fields: the fields of a recipe that all variations share.
        variation: what differs.
    """
    return Recipe.complete(expand_shorthand(merge_settings(fields, variation.settings)))


def _label(names: Sequence[str], values: Sequence[str]) -> str:
    if len(names) == 1 and names[0] in {"preset", "layer", "objective", "see"}:
        return values[0]
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def _parse_axis(text: str) -> tuple[str, list[str]]:
    """Parse the value of ``--vary``, such as ``seed=1..9`` or ``octaves=3,5,7``."""
    name, equals, listed = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    fields = sorted((set(Recipe.model_fields) - _FIXED) | set(_SHORTHAND))
    if name not in fields:
        raise RecipeError(f"{name!r} cannot be varied; {suggest(name, fields)}")
    values = [
        value
        for part in _COMMA.split(listed)
        if part.strip()
        for value in _parse_values(part.strip())
    ]
    if not equals or not values:
        raise RecipeError(
            f"{text!r} names no values; write --vary seed=1..9 or --vary octaves=3,5,7"
        )
    return name, list(dict.fromkeys(values))


def _parse_values(text: str) -> list[str]:
    """Return the values of ``1..9`` or ``0.2..1..0.2``, or the text itself."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return [text]
    first, last, step = (Decimal(number or 1) for number in match.groups())
    if step <= 0 or last < first or (last - first) / step >= MAX_DREAMS:
        raise RecipeError(
            f"{text!r} is not a range of at most {MAX_DREAMS} values; write 1..9 or 0.2..1..0.2"
        )
    return [str(first + number * step) for number in range(int((last - first) / step) + 1)]
