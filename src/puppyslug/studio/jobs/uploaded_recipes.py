"""The recipe inside an uploaded picture."""

from pathlib import Path
from typing import Any

from puppyslug.errors import MissingRecipeError
from puppyslug.images import extract_recipe_text
from puppyslug.recipe import Recipe, parse_settings
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks


def read_recipe(name: str, data: bytes, networks: Path) -> dict[str, Any] | None:
    """Return the validated recipe inside a picture; None if it contains none.

    Args:
        name: name of the file, for error messages.
        data: bytes of the file.
        networks: folder of the studio's trained networks, which the recipe may name.

    Raises:
        PuppyslugError: the file is not a picture, or its recipe is invalid.
    """
    try:
        text = extract_recipe_text(data, name)
    except MissingRecipeError:
        return None
    settings = parse_settings(text)
    FinetunedNetworks(networks).register_used(str(settings.get("network", "")))
    return Recipe.complete(settings).to_settings()
