"""Files that a recipe names: found by name, told apart by content."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from puppyslug.errors import ImageError, RecipeError
from puppyslug.recipe import FileReference, read_settings

MAX_RECIPE_BYTES = 1_000_000


def read_recipe_file(path: Path) -> dict[str, Any]:
    """Read the settings in a JSON file, or those in the recipe inside a dream.

    Raises:
        RecipeError: the file is missing, too large, or holds no recipe.
    """
    if path.exists() and not path.is_file():
        raise RecipeError(f"the recipe {path} is no file; name a JSON file or a dream")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_RECIPE_BYTES + 1)
    except OSError as error:
        raise RecipeError(f"the recipe {path} cannot be read: {error.strerror}") from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] in (b"{", b"["):
        if len(data) > MAX_RECIPE_BYTES:
            raise RecipeError(f"the recipe {path} is larger than {MAX_RECIPE_BYTES // 1000} kB")
        return read_settings(data.decode("utf-8", "replace"))
    from puppyslug.images import read_recipe_text

    try:
        return read_settings(read_recipe_text(path))
    except ImageError as error:
        raise RecipeError(f"{path} is neither JSON nor a dream that carries a recipe") from error


def find_photo(reference: FileReference, recipe_file: Path) -> Path:
    """Look for the photo of a recipe: beside the recipe, where it was, and in this folder.

    Args:
        reference: the photo's name and hash.
        recipe_file: the dream or JSON file that names it.

    Raises:
        ImageError: no such file, or only files with another content.
    """
    if not reference.name:
        raise ImageError(
            f"{recipe_file} was dreamt of a picture that was no file; name its file with --photo"
        )
    changed = None
    for path in _places(reference, recipe_file.parent):
        with contextlib.suppress(OSError):  # nothing that can be read is there
            if path.is_file():
                with path.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() == reference.sha256:
                        return path
                changed = path
    if changed is not None:
        raise ImageError(
            f"{changed} has changed since the dream was made; name the original with --photo"
        )
    raise ImageError(
        f"the photo {reference.name} is not beside {recipe_file} nor where it was; "
        "name it with --photo"
    )


def _places(reference: FileReference, folder: Path) -> Iterator[Path]:
    yield folder / reference.name
    if reference.folder:
        yield folder / reference.folder / reference.name
    yield Path(reference.name)
