"""Messages that tell the user, before a dream starts, what differs from what they may expect."""

from collections.abc import Iterator

from puppyslug.engine.octaves import OBJECT_SIZE, OctavePlan
from puppyslug.errors import option, plural
from puppyslug.images import LoadedImage
from puppyslug.images.sizes import Size, display_size, same_aspect_ratio
from puppyslug.networks.runtime import has_fast_bfloat16
from puppyslug.recipe import STARTING_IMAGES, Recipe, defaults
from puppyslug.recipe.drawing_fields import DRAWING_FIELDS
from puppyslug.recipe.sizes import photo_size


def size_notices(recipe: Recipe, photo: LoadedImage) -> Iterator[str]:
    """Report that the photo is cropped, or scaled by default."""
    _, chosen = photo_size(recipe.size)
    composition = recipe.composition_size or chosen
    is_start = photo.name in STARTING_IMAGES and not photo.sha256
    if composition and not is_start and not same_aspect_ratio(composition, photo.original_size):
        yield (
            f"{photo.name or 'the image'} of {display_size(photo.original_size)} is cropped to "
            f"{display_size(photo.size)}; one number as {option('size')} keeps all of it"
        )
    if recipe.size is None and photo.size > photo.original_size:
        yield (
            f"{photo.name or 'the image'} of {display_size(photo.original_size)} is small for "
            f"{recipe.preset}, and is enlarged to {display_size(photo.size)}; "
            f"{option('size', 'full')} keeps its size"
        )
        return
    if recipe.size is None and photo.size != photo.original_size:
        height, width = photo.original_size
        ratio = height * width / (photo.size[0] * photo.size[1])
        yield (
            f"{photo.name or 'the image'} is scaled down from {display_size(photo.original_size)} "
            f"to {display_size(photo.size)}; {option('size', 'full')} needs about {ratio:.3g} "
            "times the time and memory"
        )


def count_notices(recipe: Recipe, composition_size: Size) -> Iterator[str]:
    """Report that there is too little room for the requested number of objects."""
    room = max(1, composition_size[0] * composition_size[1] // OBJECT_SIZE**2)
    if recipe.count is not None and recipe.count > room:
        yield (
            f"{display_size(composition_size)} has room for about {plural(room, 'object')} of "
            f"{OBJECT_SIZE} pixels each, not for {recipe.count}; use a larger {option('size')}"
        )


def drawing_notices(recipe: Recipe) -> Iterator[str]:
    """Report settings of a drawing that have no effect, because the dream grows in octaves."""
    if recipe.draws_composition:
        return
    fields = Recipe.model_fields
    unused = [
        option(name)
        for name in fields
        if name in DRAWING_FIELDS and getattr(recipe, name) != fields[name].default
    ]
    if unused:
        yield (
            f"without effect, since this dream grows in octaves: {', '.join(unused)}; "
            f"{option('preset', defaults.SEE_PRESET)} draws a named thing"
        )


def octave_notices(plan: OctavePlan) -> Iterator[str]:
    """Report octaves that are left out."""
    if plan.dropped:
        yield (
            f"{plural(plan.dropped, 'octave')} below the {plan.min_size}×{plan.min_size} pixels "
            f"that the layer needs {'is' if plan.dropped == 1 else 'are'} left out"
        )


def precision_notices(precision: str, device: str) -> Iterator[str]:
    """Report a precision that is slow on the device."""
    if precision == "bfloat16" and not has_fast_bfloat16(device):
        yield "this device has no native bfloat16; float32 is faster on it"
