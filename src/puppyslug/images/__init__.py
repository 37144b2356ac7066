"""Images: files to tensors and back, sizes, starting images, and the recipe inside a file.

Images are N×3×H×W float32 tensors, RGB, in [0, 1]; sizes are (height, width). Names are imported
when they are first used, so that code without tensors does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from puppyslug.images.decoder import MAX_PIXELS, decode_image
    from puppyslug.images.metadata import RECIPE_KEY, extract_recipe_text, read_recipe_text
    from puppyslug.images.reader import (
        LoadedImage,
        Photo,
        check_image_file,
        image_from_pil,
        load_image,
    )
    from puppyslug.images.recipe_image import RecipeImage
    from puppyslug.images.resampling import resize
    from puppyslug.images.sizes import fit_size
    from puppyslug.images.starting_images import generate_clouds, generate_noise
    from puppyslug.images.writer import (
        WRITABLE_SUFFIXES,
        save_image,
        supports_alpha,
        to_pil,
        validate_output_path,
        validate_output_size,
    )

_MODULES = {
    "MAX_PIXELS": "decoder",
    "RECIPE_KEY": "metadata",
    "WRITABLE_SUFFIXES": "writer",
    "LoadedImage": "reader",
    "Photo": "reader",
    "RecipeImage": "recipe_image",
    "check_image_file": "reader",
    "decode_image": "decoder",
    "extract_recipe_text": "metadata",
    "fit_size": "sizes",
    "generate_clouds": "starting_images",
    "generate_noise": "starting_images",
    "image_from_pil": "reader",
    "load_image": "reader",
    "read_recipe_text": "metadata",
    "resize": "resampling",
    "save_image": "writer",
    "supports_alpha": "writer",
    "to_pil": "writer",
    "validate_output_path": "writer",
    "validate_output_size": "writer",
}

__all__ = [
    "MAX_PIXELS",
    "RECIPE_KEY",
    "WRITABLE_SUFFIXES",
    "LoadedImage",
    "Photo",
    "RecipeImage",
    "check_image_file",
    "decode_image",
    "extract_recipe_text",
    "fit_size",
    "generate_clouds",
    "generate_noise",
    "image_from_pil",
    "load_image",
    "read_recipe_text",
    "resize",
    "save_image",
    "supports_alpha",
    "to_pil",
    "validate_output_path",
    "validate_output_size",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
