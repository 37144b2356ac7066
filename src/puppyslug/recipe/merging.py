"""New settings on top of those of a stored recipe."""

from collections.abc import Mapping

from puppyslug.recipe.presets import find_preset
from puppyslug.recipe.recipe import Recipe


def merge_settings(
    stored: Mapping[str, object], settings: Mapping[str, object]
) -> dict[str, object]:
    """Merge new settings into stored ones, dropping stored ones that contradict them.

    Args:
        stored: fields of a recipe.
        settings: fields of a recipe, or shorthand for an objective.

    Raises:
        PuppyslugError: the stored settings are not a valid recipe.
    """
    recipe = Recipe.complete(stored)  # raises on invalid settings even if they are replaced
    dropped: set[str] = {"count"} if "octaves" in settings else set()
    if {"objective", "layer", "see", "guide"} & settings.keys():
        dropped |= {"objective", "guides"}
    if settings.get("network", recipe.network) != recipe.network:
        dropped |= {"objective", "weights", "labels"}
    if "preset" in settings:
        dropped |= {"objective", "network", "weights", "labels"}
        dropped |= set(find_preset(str(settings["preset"])).settings)
    kept = {name: value for name, value in stored.items() if name not in dropped}
    if "objective" in dropped and kept.get("schedule"):
        kept["schedule"] = [one for one in recipe.schedule if one.field != "objective"]
    return {**kept, **settings}
