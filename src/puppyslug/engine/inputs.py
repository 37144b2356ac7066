"""What a dream starts from: a photo read at the size that the recipe asks for, noise or clouds."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from puppyslug.errors import ImageError, RecipeError
from puppyslug.images import MAX_PIXELS, Photo, clouds, noise
from puppyslug.images.reader import Source, read_picture
from puppyslug.images.sizes import display_size, same_shape
from puppyslug.recipe.recipe import STARTS, FileReference, Recipe
from puppyslug.recipe.sizes import photo_size, start_size

MASK_LONGEST = 4096  # pixels; a larger mask is scaled down, since it is soft anyway
GUIDE_LONGEST = 320  # pixels, as large as the notebook's own guide; it bounds matching's time
_START_PICTURES = {"noise": noise, "clouds": clouds}


def load_source(recipe: Recipe, source: Source) -> Photo:
    """Read the picture, or make it.

    Args:
        recipe: its ``size``, ``seed`` and, where it names a hash, ``photo`` are followed.
        source: a picture file, a Pillow picture, ``"noise"`` or ``"clouds"``.

    Raises:
        ImageError: the picture cannot be read, or is not the one in the recipe.
        RecipeError: a size that does not fit the picture.
    """
    if isinstance(source, str) and source in STARTS:
        wanted = start_size(recipe.size)
        _check_pixels(wanted)
        start = _START_PICTURES[source](wanted, recipe.seed)
        return Photo(start, None, source, "", wanted)
    longest, size = photo_size(recipe.size)
    if size is not None:
        _check_pixels(size)
    photo = read_picture(source, longest, size)
    if isinstance(recipe.photo, FileReference):
        check_same(photo, recipe.photo, "photo")
    if size is not None and not same_shape(size, photo.full_size):
        raise RecipeError(
            f"a photo keeps its shape: {display_size(photo.full_size)} cannot become {display_size(size)}; "
            "give the longest edge instead"
        )
    return photo


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise RecipeError(
            f"{display_size(size)} is more than the limit of {MAX_PIXELS / 1e6:.0f} megapixels; "
            "take a smaller size"
        )


def read_mask(recipe: Recipe, source: Source) -> Photo:
    """Read the mask's picture.

    Raises:
        ImageError: it cannot be read, or is not the one in the recipe.
    """
    if isinstance(source, Path) and not source.exists():
        by_name = "" if source.suffix else f"; for a mask by name write 'see({source.name})'"
        raise ImageError(f"the mask {source} does not exist{by_name or '; check the name'}")
    photo = read_picture(source, MASK_LONGEST)
    if isinstance(recipe.mask, FileReference):
        check_same(photo, recipe.mask, "mask")
    return photo


def read_guides(recipe: Recipe, guides: Mapping[str, Source]) -> dict[str, Photo]:
    """Read the guides' pictures, no larger than ``GUIDE_LONGEST``.

    Args:
        recipe: where its ``guides`` name a hash, the picture must have it.
        guides: pictures by the name that the objective calls them.

    Raises:
        ImageError: one cannot be read, or is not the one in the recipe.
    """
    photos = {name: read_picture(source, GUIDE_LONGEST) for name, source in guides.items()}
    for wanted in recipe.guides:
        if wanted.name in photos:
            check_same(photos[wanted.name], wanted, "guide")
    return photos


def check_same(photo: Photo, wanted: FileReference, role: str) -> None:
    """Refuse a picture whose content is not the one that a recipe was made with.

    Raises:
        ImageError: the hashes differ.
    """
    if wanted.sha256 != photo.sha256:
        raise ImageError(
            f"{photo.name or 'the picture'} is not the {role} that the recipe was made with "
            f"({wanted.name or 'a picture in memory'}); its content has changed"
        )


def reference_to(photo: Photo, source: Source, result_folder: Path | None) -> FileReference:
    """What a recipe keeps of a picture: its name, its hash, and the way there from the dream.

    Args:
        photo: the picture that was read.
        source: where from.
        result_folder: where the dream will be saved; None where that is not known.
    """
    folder = None
    if result_folder is not None and isinstance(source, str | Path):
        with contextlib.suppress(ValueError):  # on another drive there is no way
            way = os.path.relpath(Path(source).resolve().parent, result_folder.resolve())
            way = way.encode("utf-8", "replace").decode()  # folders need not be UTF-8
            folder = None if way == "." or ":" in way else Path(way).as_posix()
    return FileReference(name=photo.name, sha256=photo.sha256, folder=folder)
