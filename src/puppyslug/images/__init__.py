"""Pictures: file ↔ tensor, sizes, starting pictures, the recipe inside a saved file.

Pictures are N×3×H×W float32 tensors, RGB, in [0, 1]; sizes are (height, width). Names are imported
when they are first used, so that what needs no tensors does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from puppyslug.images.decoder import MAX_PIXELS, decode
    from puppyslug.images.metadata import RECIPE_KEY, read_recipe_text, recipe_text_in
    from puppyslug.images.reader import Photo, check_readable, load_image, photo_from
    from puppyslug.images.resampling import resize
    from puppyslug.images.sizes import fit
    from puppyslug.images.starting_images import clouds, noise
    from puppyslug.images.writer import (
        WRITABLE,
        check_edges,
        check_output,
        holds_alpha,
        save_image,
        to_pil,
    )

_MODULES = {
    "decoder": ("MAX_PIXELS", "decode"),
    "metadata": ("RECIPE_KEY", "read_recipe_text", "recipe_text_in"),
    "reader": ("Photo", "check_readable", "load_image", "photo_from"),
    "sizes": ("fit",),
    "resampling": ("resize",),
    "starting_images": ("clouds", "noise"),
    "writer": ("WRITABLE", "check_edges", "check_output", "holds_alpha", "save_image", "to_pil"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "MAX_PIXELS",
    "RECIPE_KEY",
    "WRITABLE",
    "Photo",
    "check_edges",
    "check_output",
    "check_readable",
    "clouds",
    "decode",
    "fit",
    "holds_alpha",
    "load_image",
    "noise",
    "photo_from",
    "read_recipe_text",
    "recipe_text_in",
    "resize",
    "save_image",
    "to_pil",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
