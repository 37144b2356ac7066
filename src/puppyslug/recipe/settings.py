"""Settings as plain mappings: parsed from JSON, and transferred to another picture."""

import json
import re
from collections.abc import Mapping
from typing import Any

from puppyslug.errors import RecipeError
from puppyslug.images.sizes import parse_size

MAX_RECIPE_LENGTH = 200_000  # characters of a recipe as JSON, wherever it comes from
MAX_RECIPE_VALUES = 20_000  # numbers, texts, lists and objects in it, approximately
PORTRAIT_KEY = "portrait"  # under which the file of a portrait holds its recipe
SHEET_KEY = "sheet"  # under which the file of a sheet holds the recipes of its dreams

# Fields that depend on the picture or the machine that a dream was made with.
_UNPORTABLE = frozenset(
    (
        "photo",
        "composed",
        "stop_after",
        "device",
        "threads",
        "winograd",
        "kernels",
        "tile",
        "version",
    )
)

_BOTH_SIDES = re.compile(r"[0-9]{1,5}x[0-9]{1,5}")


def parse_settings(text: str) -> dict[str, Any]:
    """Parse the JSON of a recipe as plain settings, for ``Recipe.complete``.

    Raises:
        RecipeError: not a JSON object, or longer than ``MAX_RECIPE_LENGTH``.
    """
    if not isinstance(text, str):
        raise RecipeError(
            f"a recipe is JSON text, not {type(text).__name__}; use Recipe.complete for a dict"
        )
    check_recipe_length(len(text))
    if sum(map(text.count, ",[{")) > MAX_RECIPE_VALUES:
        raise RecipeError(
            f"the recipe has more than {MAX_RECIPE_VALUES} values; it is damaged, or not a recipe"
        )
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the recipe is not valid JSON: {str(error).splitlines()[0]}") from error
    if not _is_unicode(settings):
        raise RecipeError("the recipe contains text that is not valid Unicode; it is damaged")
    if not isinstance(settings, dict):
        raise RecipeError('the recipe is not a JSON object of settings, such as {"octaves": 5}')
    return settings


def _is_unicode(settings: object) -> bool:
    """Return whether all texts can be encoded: JSON can hold halves of surrogate pairs."""
    try:
        json.dumps(settings, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def check_recipe_length(length: int) -> None:
    """Check the length of a recipe's text.

    Args:
        length: in characters, or in bytes, of which there are at least as many.

    Raises:
        RecipeError: it exceeds ``MAX_RECIPE_LENGTH``.
    """
    if length > MAX_RECIPE_LENGTH:
        raise RecipeError(
            f"the recipe has {length} characters; at most {MAX_RECIPE_LENGTH} are allowed"
        )


def portable_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of a recipe that apply to another picture and on another machine.

    Args:
        settings: fields of a recipe.

    Returns:
        The settings without those that depend on the original picture or machine. A size of both
        sides becomes that of the longest one.
    """
    # A mask image shows positions in the original picture; a mask by name applies to any picture.
    excluded = _UNPORTABLE if isinstance(settings.get("mask"), str) else _UNPORTABLE | {"mask"}
    portable = {name: value for name, value in settings.items() if name not in excluded}
    if portable.get("scale", "medium") != "medium":
        portable.pop("octaves", None)
    if isinstance(size := portable.get("size"), str) and _BOTH_SIDES.fullmatch(size):
        portable["size"] = str(max(parse_size(size)))
    return portable
