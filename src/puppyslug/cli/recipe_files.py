"""Files that a recipe names: found by name, told apart by content."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from puppyslug.errors import ImageError, RecipeError
from puppyslug.networks.finetuned import own_files_in, remember
from puppyslug.networks.specs import names_in
from puppyslug.networks.weights.cache import file_sha256
from puppyslug.recipe.recipe import FileReference, Recipe, read_settings
from puppyslug.recipe.settings import Files, fold_objective, laid_over, look_of, take_files

MAX_RECIPE_BYTES = 1_000_000
# A recipe is not trusted: what it names is opened only where it looks like a picture.
PICTURES = frozenset(
    (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic",
     ".heif", ".mpo")
)  # fmt: skip


FILMS = frozenset((".mp4", ".webm"))  # that carry a recipe


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
    if path.suffix.lower() in FILMS and data:
        from puppyslug.video.reader import read_comment

        return read_settings(read_comment(path))
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


def with_recipe_file(
    settings: dict[str, object], recipe: Path | None, *, new_pictures: bool
) -> tuple[dict[str, object], Files]:
    """The command line's settings over those of a recipe's file, if there is one, and their files.

    Args:
        settings: of the command line.
        recipe: a JSON file or a dream, or None.
        new_pictures: whether the recipe is followed for other pictures than its own.

    Raises:
        PuppyslugError: settings or files that cannot be read, or that do not go together.
    """
    stored = {} if recipe is None else read_recipe_file(recipe)
    if recipe is not None:
        if "network" not in settings:
            remember_beside(stored, recipe)
        Recipe.complete(stored)  # says what is wrong with all of it
        stored = look_of(stored) if new_pictures else stored
    given, files = take_files(settings)
    own = {"weights": files.weights, "labels": files.labels}
    stored = {name: value for name, value in stored.items() if own.get(name) is None}
    chosen = fold_objective(laid_over(stored, given))
    if files.mask is not None:
        chosen.pop("mask", None)
    if recipe is not None:
        files = find_files(Recipe.complete(chosen), recipe, files)
    return chosen, files


def remember_beside(stored: Mapping[str, object], recipe_file: Path) -> None:
    """Look for the taught networks of a recipe beside it, and in this folder.

    Args:
        stored: the recipe's settings, before any is looked at; by the weights' hash in them, other
            files are passed by.
        recipe_file: the dream or JSON file that names it.

    Raises:
        WeightsError: a file is damaged.
    """
    network = str(stored.get("network", ""))
    weights = stored.get("weights")
    wanted = weights.get("sha256") if isinstance(weights, Mapping) else None
    if len(names_in(network)) > 1:
        wanted = None  # which is of all of them together
    for name in own_files_in(network):
        for path in (recipe_file.parent / name, Path(name)):
            if path.is_file() and wanted in (None, file_sha256(path)):
                remember(path)
                break


def find_photo(reference: FileReference, recipe_file: Path, role: str = "photo") -> Path:
    """Look for a picture of a recipe: beside the recipe, where it was, and in this folder.

    Args:
        reference: the picture's name and hash.
        recipe_file: the dream or JSON file that names it.
        role: what it is to the dream: photo, mask or guide, and so the option that names it.

    Raises:
        ImageError: no such file, or only files with another content.
    """
    if not reference.name:
        raise ImageError(f"the {role} of {recipe_file} was no file; name it with --{role}")
    changed = None
    for path in _places(reference, recipe_file.parent):
        with contextlib.suppress(OSError):  # nothing that can be read is there
            if path.suffix.lower() in PICTURES and path.is_file():
                with path.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() == reference.sha256:
                        return path
                changed = path
    if changed is not None:
        raise ImageError(
            f"{changed} has changed since the dream was made; name the original with --{role}"
        )
    raise ImageError(
        f"the {role} {reference.name} is not beside {recipe_file} nor where it was; "
        f"name it with --{role}"
    )


def find_files(recipe: Recipe, recipe_file: Path, given: Files) -> Files:
    """The mask and the guides of a recipe, unless others are given instead.

    Raises:
        ImageError: as in ``find_photo``.
    """
    mask = given.mask
    if mask is None and isinstance(recipe.mask, FileReference):
        mask = find_photo(recipe.mask, recipe_file, "mask")
    guides = {
        reference.name: given.guides.get(reference.name)
        or find_photo(reference, recipe_file, "guide")
        for reference in recipe.guides
    }
    return given._replace(mask=mask, guides=guides or given.guides)


def _places(reference: FileReference, folder: Path) -> Iterator[Path]:
    yield folder / reference.name
    if reference.folder:
        yield folder / reference.folder / reference.name
    yield Path(reference.name)
