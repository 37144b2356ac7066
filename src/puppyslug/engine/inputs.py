"""Input images of a dream: the photo or starting image, the mask and the guides."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from puppyslug.errors import ImageError, RecipeError
from puppyslug.images import MAX_PIXELS, LoadedImage, generate_clouds, generate_noise
from puppyslug.images.decoder import decode_image
from puppyslug.images.reader import ImageSource, check_image_file, read_image
from puppyslug.images.sizes import Size, display_size, fit_size, same_aspect_ratio
from puppyslug.objectives import MASK_NAMES
from puppyslug.recipe import STARTING_IMAGES, FileReference, Recipe
from puppyslug.recipe.defaults import PHOTO_SIDE, STARTING_IMAGE_SIZE
from puppyslug.recipe.sizes import photo_size, starting_image_size

MAX_MASK_SIDE = 4096  # pixels; masks are smooth, so more would not change the dream
MAX_GUIDE_SIDE = 320  # pixels, as large as the notebook's guide; limits the time for matching
_GENERATORS = {"noise": generate_noise, "clouds": generate_clouds}


def load_photo(recipe: Recipe, source: ImageSource | LoadedImage) -> LoadedImage:
    """Load the photo, or generate the starting image.

    Args:
        recipe: ``size`` and ``seed`` apply; a ``photo`` with a hash is validated.
        source: an image file, a Pillow image, ``"noise"`` or ``"clouds"``; or a loaded image, which
            keeps its size.

    Raises:
        ImageError: the image cannot be read, or is not the one of the recipe.
        RecipeError: the size is too large, or has another aspect ratio than the dream that it
            enlarges. A photo is cropped to its size.
    """
    if isinstance(source, str) and source in STARTING_IMAGES:
        start_size = starting_image_size(recipe.size)
        _validate_pixels(start_size)
        image = _GENERATORS[source](start_size, recipe.seed)
        return LoadedImage(image, None, source, "", start_size)
    if isinstance(source, LoadedImage):
        if isinstance(recipe.photo, FileReference):
            validate_content(source, recipe.photo, "photo")
        return source
    longest, size = photo_size(recipe.size)
    if size is not None:
        _validate_pixels(size)
    photo = _read_photo(source, longest, size, recipe)
    if recipe.size is None and min(photo.size) < recipe.min_side:
        longest = round(max(photo.size) * recipe.min_side / min(photo.size))
        photo = _read_photo(source, longest, size, recipe, enlarge=True)
    if isinstance(recipe.photo, FileReference):
        validate_content(photo, recipe.photo, "photo")
    composition = recipe.composition_size
    if size is None or _fits(size, photo.original_size, composition):
        return photo
    if composition is not None and not same_aspect_ratio(size, composition):
        raise RecipeError(
            f"a dream of {display_size(composition)} cannot be resized to {display_size(size)}, "
            "which has another aspect ratio; give the length of the longest side instead"
        )
    return _crop(_read_photo(source, None, _covering_size(photo.original_size, size), recipe), size)


def usual_size(photo: LoadedImage) -> Size:
    """Return the (height, width) that an image has if no size is chosen."""
    if photo.name in STARTING_IMAGES and not photo.sha256:
        return STARTING_IMAGE_SIZE
    return fit_size(photo.original_size, PHOTO_SIDE)


def _fits(size: Size, original: Size, composition: Size | None) -> bool:
    """Return whether a size is that of a photo, or of its composition, scaled."""
    if same_aspect_ratio(size, original):
        return True
    if composition is None or not same_aspect_ratio(composition, original):
        return False
    return same_aspect_ratio(size, composition)


def _covering_size(original: Size, size: Size) -> Size:
    """Return the smallest size of an image's aspect ratio that covers a size."""
    scale = max(size[0] / original[0], size[1] / original[1])
    height, width = (max(1, round(side * scale)) for side in original)
    return max(height, size[0]), max(width, size[1])


def _crop(photo: LoadedImage, size: Size) -> LoadedImage:
    """Return the central part of a photo, of (height, width) ``size``."""
    top, left = (photo.size[0] - size[0]) // 2, (photo.size[1] - size[1]) // 2
    area = (..., slice(top, top + size[0]), slice(left, left + size[1]))
    alpha = None if photo.alpha is None else photo.alpha[area].contiguous()
    return replace(photo, image=photo.image[area].contiguous(), alpha=alpha)


def _read_photo(
    source: ImageSource,
    longest: int | None,
    size: Size | None,
    recipe: Recipe,
    *,
    enlarge: bool = False,
) -> LoadedImage:
    """Read the photo; its hash is that of the pixels if the recipe's is."""
    in_memory = isinstance(recipe.photo, FileReference) and not recipe.photo.name
    if in_memory and isinstance(source, str | Path):
        check_image_file(Path(source))
        source = decode_image(Path(source).read_bytes(), str(source))
    return read_image(source, longest, size, enlarge=enlarge or recipe.enlarges_photo)


def _validate_pixels(size: Size) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise RecipeError(
            f"{display_size(size)} exceeds the limit of {MAX_PIXELS / 1e6:.0f} megapixels; use a "
            "smaller size"
        )


def load_mask(recipe: Recipe, source: ImageSource) -> LoadedImage:
    """Load the image of the mask.

    Raises:
        ImageError: the image cannot be read, or is not the one of the recipe.
    """
    if isinstance(source, Path) and not source.exists():
        by_name = (
            "check the name"
            if source.suffix
            else f"by what is there, write 'see({source.name})', {', '.join(MASK_NAMES)}"
        )
        raise ImageError(f"the mask {source} does not exist; {by_name}")
    photo = read_image(source, MAX_MASK_SIDE)
    if isinstance(recipe.mask, FileReference):
        validate_content(photo, recipe.mask, "mask")
    return photo


def crop_mask(mask: LoadedImage, photo: LoadedImage) -> LoadedImage:
    """Crop a mask that was painted for a whole photo, as the photo has been cropped."""
    is_whole = same_aspect_ratio(photo.size, photo.original_size)
    if is_whole or not same_aspect_ratio(mask.original_size, photo.original_size):
        return mask
    height, width = mask.size
    ratio = photo.size[0] / photo.size[1]
    size = (min(height, max(1, round(width * ratio))), min(width, max(1, round(height / ratio))))
    return replace(_crop(mask, size), original_size=size)


def load_guides(recipe: Recipe, guides: Mapping[str, ImageSource]) -> dict[str, LoadedImage]:
    """Load the guide images, scaled down to ``MAX_GUIDE_SIDE``.

    Args:
        recipe: images for which its ``guides`` hold a hash are validated.
        guides: images by the name that the objective uses.

    Raises:
        ImageError: an image cannot be read, or is not the one of the recipe.
    """
    photos = {name: read_image(source, MAX_GUIDE_SIDE) for name, source in guides.items()}
    for reference in recipe.guides:
        if reference.name in photos:
            validate_content(photos[reference.name], reference, "guide")
    return photos


def validate_content(photo: LoadedImage, reference: FileReference, role: str) -> None:
    """Check that an image has the content that a recipe refers to.

    Raises:
        ImageError: the hashes differ.
    """
    if reference.sha256 != photo.sha256:
        raise ImageError(
            f"{photo.name or 'the image'} is not the {role} of the recipe "
            f"({reference.name or 'an image in memory'}): its content differs; give the original "
            "file"
        )


def create_reference(
    photo: LoadedImage, source: ImageSource | LoadedImage, result_folder: Path | None
) -> FileReference:
    """Create the reference to an image that a recipe stores.

    Args:
        photo: the loaded image.
        source: the file or Pillow image that it was loaded from, if that is known.
        result_folder: folder in which the dream will be saved; None if unknown.
    """
    folder = None
    if result_folder is not None and isinstance(source, str | Path):
        folder = relative_folder(Path(source), result_folder)
    return FileReference(name=photo.name, sha256=photo.sha256, folder=folder)


def relative_folder(path: Path, result_folder: Path) -> str | None:
    """Return the relative path from the folder of a result to that of a file, for a recipe.

    None if they are the same, or if there is no such path.
    """
    with contextlib.suppress(ValueError):  # no relative path leads to another drive
        folder = os.path.relpath(path.resolve().parent, result_folder.resolve())
        folder = folder.encode("utf-8", "replace").decode()  # folder names need not be UTF-8
        return None if folder == "." or ":" in folder else Path(folder).as_posix()
    return None
