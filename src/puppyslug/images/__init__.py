"""Pictures: file ↔ tensor, sizes, starting pictures, the recipe inside a saved file.

Pictures are N×3×H×W float32 tensors, RGB, in [0, 1]; sizes are (height, width).
"""

from puppyslug.images.embedding import RECIPE_KEY, read_recipe_text
from puppyslug.images.reading import MAX_PIXELS, Photo, check_readable, load_image, photo_from
from puppyslug.images.resampling import fit, resize
from puppyslug.images.starts import clouds, noise
from puppyslug.images.writing import WRITABLE, check_edges, check_output, save_image, to_pil

__all__ = [
    "MAX_PIXELS",
    "RECIPE_KEY",
    "WRITABLE",
    "Photo",
    "check_edges",
    "check_output",
    "check_readable",
    "clouds",
    "fit",
    "load_image",
    "noise",
    "photo_from",
    "read_recipe_text",
    "resize",
    "save_image",
    "to_pil",
]
