"""Settings of a command, on top of those of a recipe file, which may be a film."""

from pathlib import Path
from typing import Any

from puppyslug.engine.recipe_inputs import apply_settings, read_recipe_settings
from puppyslug.recipe import InputFiles, parse_settings

VIDEO_SUFFIXES = frozenset((".mp4", ".webm"))  # formats that store a recipe


def read_recipe_file(path: Path) -> dict[str, Any]:
    """Read settings from a JSON file, or from the recipe inside a dream or film.

    Raises:
        RecipeError: the file does not exist, is too large, or contains no recipe.
    """
    if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file():
        from puppyslug.video.reader import read_comment

        return parse_settings(read_comment(path))
    return read_recipe_settings(path)


def load_settings(
    settings: dict[str, object], recipe_file: Path | None, *, new_photos: bool
) -> tuple[dict[str, object], InputFiles]:
    """Merge the command line's settings into those of a recipe file, and find all input files.

    Args:
        settings: settings from the command line, which take precedence.
        recipe_file: a JSON file, a dream, or None.
        new_photos: whether the recipe is applied to photos other than its own.

    Returns:
        The fields of a recipe, and the input files.

    Raises:
        PuppyslugError: settings or files are invalid, or contradict each other.
    """
    stored = {} if recipe_file is None else read_recipe_file(recipe_file)
    return apply_settings(settings, stored, recipe_file, new_photos=new_photos)
