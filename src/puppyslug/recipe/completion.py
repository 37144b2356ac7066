"""Checks of settings, and values from presets, before the fields of a recipe are validated."""

from collections.abc import Collection, Mapping
from importlib.metadata import version

from puppyslug.errors import RecipeError, option, suggest
from puppyslug.recipe import defaults
from puppyslug.recipe.presets import find_preset
from puppyslug.recipe.settings import PORTRAIT_KEY, SHEET_KEY
from puppyslug.recipe.versions import RECIPE_VERSION


def validate_version(settings: Mapping[str, object]) -> None:
    """Check that this puppyslug understands the version of a recipe.

    Raises:
        RecipeError: the recipe was written by a newer puppyslug.
    """
    try:
        recipe_version = float(str(settings.get("recipe_version", RECIPE_VERSION)))
    except ValueError:
        return  # reported when the field is validated
    if recipe_version > RECIPE_VERSION:
        raise RecipeError(
            f"the recipe was written by a newer puppyslug ({settings.get('version', 'unknown')}) "
            f"than this one ({version('puppyslug')}); update puppyslug"
        )


def validate_names(settings: Mapping[str, object], fields: Collection[str]) -> None:
    """Check that settings name only fields of a recipe.

    Raises:
        RecipeError: unknown field; similar names are suggested.
    """
    portrait = settings.get(PORTRAIT_KEY)
    if isinstance(portrait, Mapping):
        objective = portrait.get("objective", "OBJECTIVE")
        raise RecipeError(
            f"this is the recipe of a portrait, not of a dream; use redo to draw it again, or "
            f"{option('objective', objective)} to dream of it"
        )
    if isinstance(settings.get(SHEET_KEY), Mapping):
        raise RecipeError("this is a sheet of dreams; choose one of them with redo --pick NUMBER")
    for name in settings:
        if name not in fields:
            raise RecipeError(f"a recipe has no field {name[:80]!r}; {suggest(name[:80], fields)}")


def preset_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of the preset that applies, without those that conflict.

    Args:
        settings: fields of a recipe; may name a preset.

    Raises:
        RecipeError: unknown preset, or one whose objective is for another network.
    """
    name = str(settings.get("preset", defaults.PRESET))
    preset = dict(find_preset(name).settings)
    if "objective" in preset and not settings.get("objective"):
        network = settings.get("network", preset["network"])
        if network != preset["network"]:
            raise RecipeError(
                f"the preset {name} is for the network {preset['network']}, not for {network}; "
                "leave out one of them, or name a layer"
            )
    if "octaves" in settings and settings.get("count") is None:
        preset.pop("count", None)
    return preset
