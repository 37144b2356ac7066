"""New settings on top of those of a stored recipe."""

from collections.abc import Mapping

from puppyslug.errors import RecipeError, option
from puppyslug.networks import NetworkSpec
from puppyslug.recipe.curves import without_fields
from puppyslug.recipe.presets import find_preset
from puppyslug.recipe.recipe import Recipe


def merge_settings(
    stored: Mapping[str, object],
    settings: Mapping[str, object],
    network: NetworkSpec | None = None,
) -> dict[str, object]:
    """Merge new settings into stored ones, dropping stored ones that contradict them.

    Args:
        stored: fields of a recipe.
        settings: fields of a recipe, or shorthand for an objective. A field that is None is unset:
            it has the default of the preset again.
        network: spec of a network that the caller loaded, in place of the settings' one.

    Raises:
        PuppyslugError: the stored settings are not a valid recipe.
    """
    if network is not None:
        settings = {**settings, "network": network.name}
    is_own = network is not None and stored.get("network") == network.name
    # raises on invalid settings even if they are replaced
    recipe = Recipe.complete(stored, network if is_own else None)
    if None not in (settings.get("octaves"), settings.get("scale")):
        raise RecipeError(
            f"{option('scale')} sets the octaves; leave out one of {option('scale')} and "
            f"{option('octaves')}"
        )
    has_octaves = settings.get("octaves") is not None
    dropped: set[str] = {"count", "scale"} if has_octaves else set()
    if settings.get("scale") is not None:
        dropped.add("octaves")
    if {"objective", "layer", "see", "guide"} & settings.keys():
        dropped |= {"objective", "guides"}
    if (settings.get("network") or recipe.network) != recipe.network:
        dropped |= {"objective", "weights", "labels"}
    if settings.get("preset") is not None:
        dropped |= {"objective", "network", "weights", "labels"}
        dropped |= set(find_preset(str(settings["preset"])).settings)
        before = find_preset(recipe.preset).settings
        dropped |= {name for name, value in before.items() if stored.get(name) == value}
    kept = {name: value for name, value in stored.items() if name not in dropped}
    if "objective" in dropped and kept.get("schedule"):
        kept["schedule"] = [one for one in recipe.schedule if one.field != "objective"]
    if recipe.curves and "curves" in kept:
        kept["curves"] = without_fields(recipe.curves, {*settings, *(dropped & {"objective"})})
    merged = {**kept, **settings}
    return {name: value for name, value in merged.items() if value is not None}
