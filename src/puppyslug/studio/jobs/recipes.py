"""Recipes of submitted dreams: untrusted settings, the parent's recipe, references to files."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from puppyslug.engine.steering import apply_changes
from puppyslug.images import fit_size
from puppyslug.networks import find_spec
from puppyslug.networks.weights.location import is_available
from puppyslug.recipe import (
    STARTING_IMAGES,
    FileReference,
    Recipe,
    expand_shorthand,
    film_preset,
    merge_settings,
    portable_settings,
)
from puppyslug.recipe.defaults import STARTING_IMAGE, ZOOM
from puppyslug.recipe.sizes import photo_size, starting_image_size
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks
from puppyslug.studio.jobs.models import Job, StoredFile

# settings that only the machine's owner may choose, or that were resolved for another machine
_IGNORED = frozenset(
    (
        "weights",
        "labels",
        "memory",
        "threads",
        "device",
        "winograd",
        "kernels",
        "tile",
        "stop_after",
        "version",
        "curves",  # the films of the studio have neither expressions nor music
        "music",
        "attack",
        "release",
    )
)


_LIVE_IGNORED = _IGNORED | {"size", "photo", "guides", "schedule", "precision", "metadata"}


class DreamFiles(NamedTuple):
    """The stored input files of a dream."""

    photo: StoredFile | None
    mask: StoredFile | None
    guides: list[StoredFile]


def build_recipe(
    settings: Mapping[str, Any],
    files: DreamFiles,
    networks: FinetunedNetworks,
    *,
    parent: Job | None = None,
    zoom: bool = False,
    feed: bool = False,
    enlarged: str | None = None,
) -> Recipe:
    """Complete submitted settings to a recipe that refers to the stored files.

    Args:
        settings: recipe fields and shorthand; untrusted.
        files: the stored input files.
        networks: the studio's trained networks; those that the recipe names are registered.
        parent: dream whose recipe applies where the settings do not, or None.
        zoom: whether the dream is a film.
        feed: whether it starts from the parent's result.
        enlarged: size at which to render the same composition, or None.

    Raises:
        PuppyslugError: invalid settings.
        HTTPError: a file or a trained network is missing.
    """
    settings = {name: value for name, value in settings.items() if name not in _IGNORED}
    networks.register_used(str(settings.get("network", "")))
    if parent is None and isinstance(settings.get("photo"), dict):
        if files.photo is None:
            raise HTTPError(422, "the recipe refers to a photo; upload it as 'photo'")
        settings = portable_settings(settings)  # the recipe of another picture
    if parent is not None:
        networks.register_used(str(settings.get("network", parent.recipe.get("network", ""))))
        inherited = _inherit(parent.recipe, resized="size" in settings, portable=feed or zoom)
        settings = merge_settings(inherited, settings)
    if files.guides and not settings.get("objective"):
        settings["guide"] = [guide.name for guide in files.guides]
    if files.photo is not None:
        settings["photo"] = _reference(files.photo)
    elif settings.get("photo", STARTING_IMAGE) not in STARTING_IMAGES:
        raise HTTPError(422, "the photo is missing; upload it as 'photo', or use noise or clouds")
    if files.mask is not None:
        settings["mask"] = _reference(files.mask)
    elif isinstance(settings.get("mask"), dict):
        raise HTTPError(422, "the mask picture is missing; upload it as 'mask'")
    if zoom:
        settings = {"zoom": ZOOM, **film_preset(settings), **settings}
    settings["guides"] = [_reference(guide) for guide in files.guides]
    recipe = Recipe.complete(expand_shorthand(settings))
    return recipe.resized(enlarged) if enlarged else recipe


def _inherit(recipe: Mapping[str, Any], *, resized: bool, portable: bool) -> dict[str, Any]:
    """Return the settings of a parent's recipe that apply to a dream derived from it.

    Args:
        recipe: the parent's recipe.
        resized: whether the new dream chooses its own size.
        portable: whether the new dream has another starting picture.
    """
    settings = {name: value for name, value in recipe.items() if name != "stop_after"}
    if portable:
        settings = {**portable_settings(settings), "schedule": []}
    if resized:
        settings.pop("composed", None)
        settings.pop("tile", None)
    return settings


def _reference(stored: StoredFile) -> FileReference:
    return FileReference(name=stored.name, sha256=stored.sha256)


def result_size(size: str | None, photo: tuple[int, int] | None) -> tuple[int, int]:
    """Return the (height, width) that a recipe's ``size`` means for a photo, or for none."""
    if photo is None:
        return starting_image_size(size)
    longest, exact = photo_size(size)
    if exact or longest is None:
        return exact or photo
    return fit_size(photo, longest, enlarge=size is not None)


def validate_changes(dream: Job, changes: dict[str, Any]) -> dict[str, Any]:
    """Validate changes to a running dream, and fold shorthand into ``objective``.

    Args:
        dream: the running dream.
        changes: recipe fields, or shorthand for an objective.

    Raises:
        PuppyslugError: invalid changes.
    """
    # earlier changes do not matter here, and a thousand of them would take long to validate
    recipe = Recipe.complete({**dream.recipe, "schedule": []})
    shorthand = {"layer", "channel", "see"} & changes.keys()
    if shorthand:
        folded = expand_shorthand({"network": recipe.network, **changes})
        changes = {name: value for name, value in changes.items() if name not in shorthand}
        changes |= {"objective": folded["objective"]} if "objective" in folded else {}
    if not changes:
        raise HTTPError(422, "no changes; send objective, step_size or strength")
    size = (dream.height, dream.width) if dream.height else starting_image_size(None)
    apply_changes(recipe, changes, find_spec(recipe.network), size)
    return changes


def clean_live_settings(settings: Mapping[str, Any], networks: FinetunedNetworks) -> dict[str, Any]:
    """Return the untrusted settings of a live dream without those that others decide.

    Args:
        settings: recipe fields and shorthand.
        networks: the studio's trained networks; one that the settings name is registered.

    Raises:
        HTTPError: a mask or a guide is a picture, or the network is not here.
        NetworkError: the network does not exist.
    """
    settings = {name: value for name, value in settings.items() if name not in _LIVE_IGNORED}
    if isinstance(settings.get("mask"), dict) or "guide" in settings or "palette_from" in settings:
        raise HTTPError(422, "a live dream takes no pictures; name what the mask shall cover")
    if settings.get("network") is not None:
        name = str(settings["network"])
        networks.register_used(name)
        spec = find_spec(name)
        for member in spec.members or (spec,):
            if not is_available(member):
                raise HTTPError(422, f"the weights of the network {member.name} are not here")
    return settings
