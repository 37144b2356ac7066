"""Input files that settings name: masks, guides, weights and class names."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from puppyslug.errors import RecipeError
from puppyslug.files.hashing import file_sha256
from puppyslug.labels import unresolved_label
from puppyslug.objectives import is_mask_expression, parse_objective
from puppyslug.recipe.references import FileReference
from puppyslug.recipe.validation import refuse_empty


class InputFiles(NamedTuple):
    """Files that a dream reads besides the photo; images may also be in memory.

    Attributes:
        mask: image of where to dream, or None.
        guides: guide images by the name that the objective uses.
        weights: file or URL of weights to load instead of the network's own, or None.
        labels: file with the class names of the network, or None.
    """

    mask: Any = None
    guides: Mapping[str, Any] = MappingProxyType({})
    weights: str | Path | None = None
    labels: Path | None = None


def extract_files(settings: Mapping[str, object]) -> tuple[dict[str, object], InputFiles]:
    """Separate files from settings, which keep only names.

    Args:
        settings: ``mask`` and ``guide`` may hold files or images, ``guide`` also a list of them.
            ``weights`` and ``labels`` may hold files, ``weights`` also a URL. A guide that only the
            objective names is a file of that name in the current folder.

    Returns:
        The settings, in which ``guide`` holds names and ``mask`` is kept only if it is no
        file, and the files.

    Raises:
        RecipeError: two guides have the same name, or a setting is empty text.
    """
    refuse_empty(settings)
    settings = dict(settings)
    weights, labels = (_pop_path(settings, name) for name in ("weights", "labels"))
    mask = settings.get("mask")
    if mask == "":  # no mask, where a recipe has one
        mask = settings["mask"] = None
    elif isinstance(mask, FileReference) or (isinstance(mask, str) and is_mask_expression(mask)):
        mask = None
    elif mask is not None:
        del settings["mask"]
        mask = Path(mask) if isinstance(mask, str) else mask
    guides = _name_guides(settings.pop("guide", None))
    if guides:
        settings["guide"] = list(guides)
    elif settings.get("objective") and not settings.get("guides"):
        objective = parse_objective(str(settings["objective"]), unresolved_label)
        guides = {name: Path(name) for name in objective.references}
    labels_file = None if labels is None else Path(labels)
    if labels_file is not None and labels_file.is_file():  # a missing file is reported later
        name = labels_file.name.encode("utf-8", "replace").decode()
        settings["labels"] = FileReference(name=name, sha256=file_sha256(labels_file))
    return settings, InputFiles(mask, guides, weights, labels_file)


def _name_guides(value: object) -> dict[str, Any]:
    """Return guide images by name; those in memory are numbered."""
    images = value if isinstance(value, list | tuple) else [] if value is None else [value]
    guides: dict[str, Any] = {}
    for number, image in enumerate(images, 1):
        name = Path(image).name if isinstance(image, str | Path) else f"guide-{number}"
        if name in guides:
            raise RecipeError(f"two guides are called {name}; rename one of them")
        guides[name] = Path(image) if isinstance(image, str) else image
    return guides


def _pop_path(settings: dict[str, object], name: str) -> str | Path | None:
    """Remove a file name or URL from settings; a reference in a recipe stays there."""
    value = settings.get(name)
    if not isinstance(value, str | Path):
        return None
    del settings[name]
    return value
