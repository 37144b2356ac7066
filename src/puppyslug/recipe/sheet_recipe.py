"""The recipes of the dreams on a contact sheet, in the file of the sheet."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from puppyslug.errors import RecipeError
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import SHEET_KEY

MAX_DREAMS = 64  # on a sheet


def is_sheet(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings of a file are those of a sheet rather than of one dream."""
    return isinstance(settings.get(SHEET_KEY), Mapping)


def sheet_to_json(recipes: Sequence[Recipe]) -> str:
    """Serialise the recipes of a sheet, at least one, as ASCII JSON: the first, and differences."""
    base, *others = [recipe.to_settings() for recipe in recipes]
    changes = [
        {
            name: settings.get(name)
            for name in sorted(base.keys() | settings.keys())
            if settings.get(name) != base.get(name)
        }
        for settings in others
    ]
    return json.dumps({SHEET_KEY: {"base": base, "changes": [{}, *changes]}})


def recipe_of_sheet(settings: Mapping[str, Any], number: int | None) -> str:
    """Return the recipe of one of a sheet's dreams as JSON text, not validated.

    Args:
        settings: those in the file of the sheet.
        number: the number of the dream, from 1.

    Raises:
        RecipeError: the sheet has no such dream, or is damaged.
    """
    sheet = settings[SHEET_KEY]
    base, changes = sheet.get("base"), sheet.get("changes")
    if not isinstance(base, dict) or not isinstance(changes, list) or len(changes) > MAX_DREAMS:
        raise RecipeError("the recipes of the sheet are damaged; make the sheet again")
    if number is None or not 1 <= number <= len(changes):
        chosen = "" if number is None else f", not {number}"
        raise RecipeError(
            f"this is a sheet of dreams; choose one as --pick 1 to --pick {len(changes)}{chosen}"
        )
    chosen = changes[number - 1]
    if not isinstance(chosen, dict):
        raise RecipeError("the recipes of the sheet are damaged; make the sheet again")
    merged = {**base, **chosen}
    return json.dumps({name: value for name, value in merged.items() if value is not None})
