"""Recipe files: reading settings from them, and finding the files that they refer to."""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from puppyslug.errors import ImageError, RecipeError, option
from puppyslug.files.hashing import file_digest, file_sha256
from puppyslug.networks import NetworkSpec
from puppyslug.networks.finetuned import finetuned_names_in, register_finetuned_file
from puppyslug.networks.specs import split_network_names
from puppyslug.recipe import (
    MAX_RECIPE_LENGTH,
    FileReference,
    InputFiles,
    Recipe,
    expand_shorthand,
    extract_files,
    merge_settings,
    parse_settings,
    portable_settings,
)

MAX_PALETTE_SIDE = 512  # pixels; the distribution of colours needs no more

# Recipes are untrusted: of the files that they name, only those with these suffixes are opened.
IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic",
     ".heif", ".mpo")
)  # fmt: skip
SOUND_SUFFIXES = frozenset(
    (".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma",
     ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")
)  # fmt: skip


def read_recipe_settings(path: Path) -> dict[str, Any]:
    """Read settings from a JSON file, or from the recipe inside a dream.

    Raises:
        RecipeError: the file does not exist, is too large, or contains no recipe.
    """
    if path.exists() and not path.is_file():
        raise RecipeError(f"the recipe {path} is not a file; give a JSON file or a dream")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_RECIPE_LENGTH + 1)
    except OSError as error:
        raise RecipeError(f"the recipe {path} cannot be read: {error.strerror}") from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] in (b"{", b"["):
        if len(data) > MAX_RECIPE_LENGTH:
            raise RecipeError(f"the recipe {path} is larger than {MAX_RECIPE_LENGTH // 1000} kB")
        return parse_settings(data.decode("utf-8", "replace"))
    from puppyslug.images import read_recipe_text

    try:
        return parse_settings(read_recipe_text(path))
    except ImageError as error:
        raise RecipeError(f"{path} is neither JSON nor a dream that contains a recipe") from error


def apply_settings(
    settings: Mapping[str, object],
    stored: Mapping[str, object],
    recipe_file: Path | None,
    *,
    new_photos: bool,
    network: NetworkSpec | None = None,
) -> tuple[dict[str, object], InputFiles]:
    """Merge settings into those of a recipe, and find all input files.

    Args:
        settings: fields of a recipe and shorthand, which take precedence.
        stored: settings of a recipe.
        recipe_file: the file that contains the recipe; None for a recipe without a file.
        new_photos: whether the recipe is applied to photos other than its own.
        network: spec of a network that the caller loaded.

    Returns:
        The fields of a recipe, and the input files.

    Raises:
        PuppyslugError: settings or files are invalid, or contradict each other.
    """
    if settings.get("count") is not None and settings.get("octaves") is not None:
        raise RecipeError(
            f"{option('count')} sets the number of octaves; leave out {option('octaves')} or "
            f"{option('count')}"
        )
    if recipe_file is not None:
        if "network" not in settings:
            register_finetuned_networks(stored, recipe_file)
        Recipe.complete(stored, network)  # validates all of it, even what is replaced below
    stored = portable_settings(stored) if new_photos else dict(stored)
    settings, files = extract_files(settings)
    palette = settings.get("palette_from")
    if not isinstance(palette, list | tuple | None):
        settings["palette_from"] = _read_palette(palette)
    replaced = {"weights": files.weights, "labels": files.labels}
    stored = {name: value for name, value in stored.items() if replaced.get(name) is None}
    merged = expand_shorthand(merge_settings(stored, settings, network), network)
    if files.mask is not None:
        merged.pop("mask", None)
    if recipe_file is not None:
        files = find_input_files(Recipe.complete(merged, network), recipe_file, files)
    return merged, files


def _read_palette(source: Any) -> tuple[float, ...]:
    """Measure the palette of an image file or of a Pillow image."""
    from puppyslug.images.palettes import measure_palette
    from puppyslug.images.reader import read_image

    return measure_palette(read_image(source, MAX_PALETTE_SIDE).image)


def register_finetuned_networks(stored: Mapping[str, object], recipe_file: Path) -> None:
    """Look for the finetuned networks of a recipe beside it, and in the current folder.

    Args:
        stored: settings from the recipe; files whose hash differs from theirs are ignored.
        recipe_file: the dream or JSON file that contains them.

    Raises:
        WeightsError: a file is damaged.
    """
    network = str(stored.get("network", ""))
    weights = stored.get("weights")
    sha256 = weights.get("sha256") if isinstance(weights, Mapping) else None
    if len(split_network_names(network)) > 1:
        sha256 = None  # an ensemble's hash is not that of a single file
    for name in finetuned_names_in(network):
        for path in (recipe_file.parent / name, Path(name)):
            if path.is_file() and sha256 in (None, file_sha256(path)):
                register_finetuned_file(path)
                break


def find_image(reference: FileReference, recipe_file: Path, role: str = "photo") -> Path:
    """Find an image of a recipe: beside the recipe, in its original folder, or in the current one.

    Args:
        reference: name and hash of the image.
        recipe_file: the dream or JSON file that refers to it.
        role: ``"photo"``, ``"mask"`` or ``"guide"``, which is also the name of its option.

    Raises:
        ImageError: there is no such file, or its content has changed.
    """
    return find_file(reference, recipe_file, role, IMAGE_SUFFIXES)


def find_file(
    reference: FileReference, recipe_file: Path, role: str, suffixes: Collection[str]
) -> Path:
    """Find a file of a recipe, which has one of some suffixes; otherwise as ``find_image`` does."""
    if not reference.name:
        raise ImageError(f"the {role} of {recipe_file} was not a file; pass it as {option(role)}")
    changed = None
    for path in _candidate_paths(reference, recipe_file.parent):
        with contextlib.suppress(OSError):  # not readable: try the next one
            if path.suffix.lower() in suffixes and path.is_file():
                if file_digest(path, "sha256") == reference.sha256:
                    return path
                changed = path
    if changed is not None:
        raise ImageError(
            f"{changed} has changed since the dream was made; pass the original as {option(role)}"
        )
    raise ImageError(
        f"cannot find the {role} {reference.name} beside {recipe_file} or in its original folder; "
        f"pass it as {option(role)}"
    )


def find_input_files(recipe: Recipe, recipe_file: Path, files: InputFiles) -> InputFiles:
    """Find the mask and the guides of a recipe, except those that are given in ``files``.

    Raises:
        ImageError: as in ``find_image``.
    """
    mask = files.mask
    if mask is None and isinstance(recipe.mask, FileReference):
        mask = find_image(recipe.mask, recipe_file, "mask")
    guides = {
        reference.name: files.guides.get(reference.name)
        or find_image(reference, recipe_file, "guide")
        for reference in recipe.guides
    }
    return files._replace(mask=mask, guides=guides or files.guides)


def _candidate_paths(reference: FileReference, folder: Path) -> Iterator[Path]:
    yield folder / reference.name
    if reference.folder:
        yield folder / reference.folder / reference.name
    yield Path(reference.name)
    if reference.folder:  # a dream of the library was saved in a folder that it did not know
        yield Path(reference.folder) / reference.name
