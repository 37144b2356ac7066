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
from puppyslug.files.hashing import file_sha256
from puppyslug.networks import NetworkSpec
from puppyslug.networks.finetuned import strip_folders
from puppyslug.recipe import (
    FileReference,
    InputFiles,
    Recipe,
    expand_shorthand,
    extract_files,
    merge_settings,
    parse_settings,
)

_DEDICATED = ("size", "memory", "device")  # settings with more consequences than a field
_AFTER_STEPS = frozenset(("strength", "keep_colours", "metadata"))  # applied to finished steps


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
        settings: fields of a recipe and shorthand that take precedence over the recipe's; None
            restores a field's default.
        photo: the photo, if it is neither beside the dream nor in its original folder.
        mask: likewise, the image of the mask; or another one, which replaces it.
        guides: likewise, guides, matched to the recipe's by name, then by order; or others, which
            replace the objective.
        network: spec of a network that the caller loaded.

    Raises:
        PuppyslugError: a file is missing or has changed, or the recipe has no such file.
    """
    if "network" not in settings and network is None:
        register_finetuned_networks(parse_settings(text), dream)
    recipe = Recipe.from_json(text, network)
    changes, files = extract_files(settings)
    if isinstance(recipe.photo, FileReference):
        source = find_image(recipe.photo, dream) if photo is None else photo
    elif photo is None:
        source = recipe.photo
    else:
        raise RecipeError(
            f"{dream} started from {recipe.photo}, without a photo; leave out {option('photo')}"
        )
    if _are_new(guides, recipe.guides):
        changes, others = extract_files({**changes, "guide": list(guides)})
        files, guides = files._replace(guides=others.guides), ()
    if mask is not None and _are_new([mask], [recipe.mask]):
        changes["mask"] = None
    recipe = _override_settings(recipe, changes, network)
    return DreamInputs(recipe, source, _find_files(recipe, dream, files, mask, guides))


def _are_new(images: Sequence[Any], stored: Sequence[object]) -> bool:
    """Return whether images are others than those that a recipe refers to."""
    hashes = {one.sha256 for one in stored if isinstance(one, FileReference)}
    if not hashes:
        return bool(images)
    files = [Path(image) for image in images if isinstance(image, str | Path)]
    return any(file.is_file() and file_sha256(file) not in hashes for file in files)


def _override_settings(
    recipe: Recipe, settings: Mapping[str, object], network: NetworkSpec | None
) -> Recipe:
    """Return the recipe with other settings, and what follows from them."""
    changes = dict(settings)
    own = {name: changes.pop(name) for name in _DEDICATED if changes.get(name) is not None}
    if strip_folders(str(changes.get("network", ""))) == recipe.network:
        del changes["network"]
    if recipe.labels is not None:
        changes.pop("labels", None)  # the file that the recipe names, whose hash is checked
    if changes:
        stored = recipe.to_settings()
        if changes.keys() - _AFTER_STEPS:
            stored.pop("stop_after", None)
        if "precision" in changes:
            stored |= {"winograd": "auto", "kernels": "auto"}
        merged = expand_shorthand(merge_settings(stored, changes, network), network)
        recipe = Recipe.complete(merged, network)
    if "size" in own:
        recipe = recipe.resized(str(own["size"]))
    if "memory" in own:
        recipe = recipe.with_settings({"memory": own["memory"], "tile": "auto"})
    if "device" in own:
        recipe = recipe.with_settings(
            {"device": own["device"], "winograd": "auto", "kernels": "auto"}
        )
    return recipe


def _find_files(
    recipe: Recipe, dream: Path, files: InputFiles, mask: Any, guides: Sequence[Any]
) -> InputFiles:
    """Add the mask and the guides of the recipe to the input files."""
    if len(guides) > len(recipe.guides):
        raise RecipeError(
            f"the recipe of {dream} has {plural(len(recipe.guides), 'guide')}; leave out "
            f"{option('guide')}"
        )
    names = {guide.name for guide in recipe.guides}
    by_name = {_file_name(one): one for one in guides if _file_name(one) in names}
    others = [one for one in guides if _file_name(one) not in names]
    unmatched = [guide.name for guide in recipe.guides if guide.name not in by_name]
    matched = {**files.guides, **by_name, **dict(zip(unmatched, others, strict=False))}
    return find_input_files(recipe, dream, files._replace(mask=mask, guides=matched))


def _file_name(image: Any) -> str:
    """Return the name of an image's file; empty for an image in memory."""
    return Path(image).name if isinstance(image, str | Path) else ""
