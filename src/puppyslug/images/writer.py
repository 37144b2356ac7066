"""Write images: the suffix selects the format, files appear atomically, no private metadata."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from puppyslug.errors import OutputError
from puppyslug.files.atomic import check_writable, write_atomically
from puppyslug.images.attribution import attached, to_profile
from puppyslug.images.metadata import can_store_recipe, metadata_save_options
from puppyslug.images.recipe_image import carried_recipe

# Pillow's format and save options by suffix; 4:4:4 chroma preserves thin coloured strokes
_FORMATS: dict[str, tuple[str, dict[str, object]]] = {
    ".png": ("PNG", {"compress_level": 6}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": 92, "method": 4}),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".bmp": ("BMP", {}),
    ".avif": ("AVIF", {"quality": 90}),
}
WRITABLE_SUFFIXES = tuple(_FORMATS)
_MAX_SIDES = {"JPEG": 65_500, "WEBP": 16_383, "AVIF": 65_535}  # pixels
_FORMATS_WITHOUT_ALPHA = frozenset({"JPEG", "BMP"})


def to_pil(image: Tensor, alpha: Tensor | None = None) -> Image.Image:
    """Convert a tensor to an 8-bit Pillow image.

    Args:
        image: 1×3×H×W, RGB in [0, 1]; values outside are clipped.
        alpha: 1×1×H×W in [0, 1], or None.

    Returns:
        An image of mode RGB, or RGBA if there is an alpha channel.
    """
    picture = Image.fromarray(_to_bytes(image))
    if alpha is not None:
        picture.putalpha(Image.fromarray(_to_bytes(alpha)[..., 0]))
    return picture


def _to_bytes(image: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Convert a 1×C×H×W tensor in [0, 1] to H×W×C bytes."""
    values = image[0].detach().clamp(0, 1).mul_(255).round_().to(torch.uint8)
    return values.permute(1, 2, 0).contiguous().cpu().numpy()


def validate_output_path(path: Path, *, overwrite: bool) -> None:
    """Check that an image can be written to a file, before the image is computed.

    Args:
        path: the file.
        overwrite: whether the file may exist already.

    Raises:
        OutputError: unknown suffix, a folder that does not exist or is not writable, or a file
            that exists.
    """
    if path.suffix.lower() not in _FORMATS:
        suffix = f"the unsupported suffix {path.suffix}" if path.suffix else "no suffix"
        raise OutputError(f"{path} has {suffix}; use one of {', '.join(_FORMATS)}")
    check_writable(path, overwrite=overwrite)


def supports_alpha(path: Path) -> bool:
    """Return whether the format of a file's suffix supports transparency."""
    file_format, _ = _FORMATS[path.suffix.lower()]
    return file_format not in _FORMATS_WITHOUT_ALPHA


def validate_output_size(path: Path, size: tuple[int, int]) -> None:
    """Check that an image is not too large for the format of a file.

    Args:
        path: the file.
        size: (width, height) in pixels, as Pillow has it.

    Raises:
        OutputError: a side is longer than the format allows.
    """
    file_format, _ = _FORMATS[path.suffix.lower()]
    max_side = _MAX_SIDES.get(file_format)
    if max_side is not None and max(size) > max_side:
        raise OutputError(
            f"{path} would have {size[0]}×{size[1]} pixels, but {file_format} allows at most "
            f"{max_side} per side; save it as .png"
        )


def save_image(
    picture: Image.Image,
    path: str | Path,
    *,
    recipe_text: str | None = None,
    overwrite: bool = False,
    quality: int | None = None,
) -> list[str]:
    """Write an image to a file atomically.

    Args:
        picture: image of mode RGB or RGBA. Of a dream, the photo's author, copyright and ICC
            profile are written, too, as its recipe's ``metadata`` says.
        path: the file; its suffix selects the format.
        recipe_text: recipe to store, as ASCII JSON; None for the picture's own, which dreams and
            portraits have, unless they were modified; empty for none.
        overwrite: whether to replace an existing file.
        quality: quality of lossy formats, 1 to 100; None for the format's default.

    Returns:
        Notices for the user about what the format cannot store; usually empty.

    Raises:
        OutputError: as in ``validate_output_path``, or the disk is full.
    """
    if not isinstance(picture, Image.Image):
        raise OutputError(
            f"save_image saves Pillow images, such as step.to_pil(), not {type(picture).__name__}"
        )
    if quality is not None and not (isinstance(quality, int) and 1 <= quality <= 100):
        raise OutputError(f"quality is {quality!r}; use 1 to 100")
    path = Path(path)
    validate_output_path(path, overwrite=overwrite)
    file_format, options = _FORMATS[path.suffix.lower()]
    if quality is not None:
        options = {**options, "quality": quality}
    notices = []
    if recipe_text is None:
        recipe_text = carried_recipe(picture)
    attribution = attached(picture)
    picture, profile_options = to_profile(picture)
    if picture.mode == "RGBA" and file_format in _FORMATS_WITHOUT_ALPHA:
        picture = picture.convert("RGB")
        notices.append(f"{file_format} does not support transparency; {path.name} is opaque")
    validate_output_size(path, picture.size)
    if attribution.position and file_format == "TIFF":
        notices.append(f"{path.name} does not store the position; save it as .jpg or .png")
    recipe_options = metadata_save_options(file_format, recipe_text, attribution)
    if recipe_text and not can_store_recipe(file_format, recipe_text):
        notices.append(f"{file_format} cannot store the recipe; {path.name} cannot be redone")
    encoded = io.BytesIO()
    # The base class's method: the one of a dream's picture would store its own recipe.
    Image.Image.save(
        picture, encoded, format=file_format, **options, **recipe_options, **profile_options
    )
    write_atomically(path, encoded.getbuffer(), overwrite=overwrite)
    return notices
