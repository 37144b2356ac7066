"""Repeats a dream by the recipe inside its file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from puppyslug.engine.recipe_inputs import (
    find_image,
    find_input_files,
    register_finetuned_networks,
)
from puppyslug.errors import RecipeError, option, plural
from puppyslug.networks import NetworkSpec
from puppyslug.networks.finetuned import strip_folders
from puppyslug.recipe import FileReference, InputFiles, Recipe, extract_files, parse_settings


class DreamInputs(NamedTuple):
    """What repeats a dream.

    Attributes:
        recipe: its recipe.
        source: the photo, or the name of the starting image.
        files: mask, guides, weights and labels.
    """

    recipe: Recipe
    source: Any
    files: InputFiles


def find_dream_inputs(
    dream: Path,
    text: str,
    settings: Mapping[str, object],
    *,
    photo: Any = None,
    mask: Any = None,
    guides: Sequence[Any] = (),
    network: NetworkSpec | None = None,
) -> DreamInputs:
    """Find everything that repeats a dream, or renders it larger.

    Args:
        dream: file of the dream, beside which its photo is looked for.
        text: the recipe inside it.
        settings: ``size``, ``memory``, ``device``, ``network``, ``weights`` and ``labels`` may
            differ from the recipe's.
        photo: the photo, if it is neither beside the dream nor in its original folder.
        mask: likewise, the image of the mask.
        guides: likewise, guides, matched to the recipe's by name, then by order.
        network: spec of a network that the caller loaded.

    Raises:
        PuppyslugError: a file is missing or has changed, or the recipe has no such file.
    """
    if "network" not in settings and network is None:
        register_finetuned_networks(parse_settings(text), dream)
    recipe = Recipe.from_json(text, network)
    name = strip_folders(str(settings.get("network", recipe.network)))
    if name != recipe.network:
        raise RecipeError(f"{dream} was made with {recipe.network}; leave out {option('network')}")
    changes, files = extract_files(settings)
    if isinstance(recipe.photo, FileReference):
        source = find_image(recipe.photo, dream) if photo is None else photo
    elif photo is None:
        source = recipe.photo
    else:
        raise RecipeError(
            f"{dream} started from {recipe.photo}, without a photo; leave out {option('photo')}"
        )
    recipe = _override_settings(recipe, changes)
    return DreamInputs(recipe, source, _find_files(recipe, dream, files, mask, guides))


def _override_settings(recipe: Recipe, settings: Mapping[str, object]) -> Recipe:
    """Return the recipe with another size, memory or device, and what follows from them."""
    if "size" in settings:
        recipe = recipe.resized(str(settings["size"]))
    if "memory" in settings:
        recipe = recipe.with_settings({"memory": settings["memory"], "tile": "auto"})
    if "device" in settings:
        recipe = recipe.with_settings(
            {"device": settings["device"], "winograd": "auto", "kernels": "auto"}
        )
    return recipe


def _find_files(
    recipe: Recipe, dream: Path, files: InputFiles, mask: Any, guides: Sequence[Any]
) -> InputFiles:
    """Add the mask and the guides of the recipe to the input files."""
    if mask is not None and not isinstance(recipe.mask, FileReference):
        raise RecipeError(f"{dream} was made without a mask image; leave out {option('mask')}")
    if len(guides) > len(recipe.guides):
        raise RecipeError(
            f"the recipe of {dream} has {plural(len(recipe.guides), 'guide')}; leave out "
            f"{option('guide')}"
        )
    names = {guide.name for guide in recipe.guides}
    by_name = {_file_name(one): one for one in guides if _file_name(one) in names}
    others = [one for one in guides if _file_name(one) not in names]
    unmatched = [guide.name for guide in recipe.guides if guide.name not in by_name]
    matched = by_name | dict(zip(unmatched, others, strict=False))
    return find_input_files(recipe, dream, files._replace(mask=mask, guides=matched))


def _file_name(image: Any) -> str:
    """Return the name of an image's file; empty for an image in memory."""
    return Path(image).name if isinstance(image, str | Path) else ""
