"""Picture files out: format by suffix, written whole or not at all, nothing private inside."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from puppyslug.errors import OutputError
from puppyslug.files.atomic import check_place, write_whole
from puppyslug.images.metadata import RECIPE_KEY, save_arguments

# suffix → Pillow's format and how to save it; 4:4:4 chroma keeps a dream's coloured strokes
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
WRITABLE = tuple(_FORMATS)
_LONGEST_EDGE = {"JPEG": 65_500, "WEBP": 16_383, "AVIF": 65_535}
_WITHOUT_ALPHA = frozenset({"JPEG", "BMP"})


def to_pil(image: Tensor, alpha: Tensor | None = None) -> Image.Image:
    """Turn a tensor into a Pillow picture of 8 bits.

    Args:
        image: 1×3×H×W, RGB in [0, 1]; values outside are clipped.
        alpha: 1×1×H×W in [0, 1], or None.

    Returns:
        A picture of mode RGB, or RGBA where there is alpha.
    """
    picture = Image.fromarray(_bytes(image))
    if alpha is not None:
        picture.putalpha(Image.fromarray(_bytes(alpha)[..., 0]))
    return picture


def _bytes(image: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """H×W×C bytes of a 1×C×H×W tensor."""
    values = image[0].detach().clamp(0, 1).mul_(255).round_().to(torch.uint8)
    return values.permute(1, 2, 0).contiguous().cpu().numpy()


def check_output(path: Path, *, overwrite: bool) -> None:
    """Refuse early what could not be written later, before any dreaming.

    Args:
        path: the file to be written.
        overwrite: whether it may exist already.

    Raises:
        OutputError: unknown suffix, a folder that does not exist or cannot be written to, a file
            that exists.
    """
    if path.suffix.lower() not in _FORMATS:
        given = f"the suffix {path.suffix}" if path.suffix else "no suffix"
        raise OutputError(f"{path} has {given}; use one of {', '.join(_FORMATS)}")
    check_place(path, overwrite=overwrite)


def holds_alpha(path: Path) -> bool:
    """Whether the format that a file's suffix names has transparency."""
    file_format, _ = _FORMATS[path.suffix.lower()]
    return file_format not in _WITHOUT_ALPHA


def check_edges(path: Path, size: tuple[int, int]) -> None:
    """Refuse a picture with more pixels along an edge than its format allows.

    Args:
        path: the file to be written.
        size: (width, height).

    Raises:
        OutputError: too large for the format.
    """
    file_format, _ = _FORMATS[path.suffix.lower()]
    most = _LONGEST_EDGE.get(file_format)
    if most is not None and max(size) > most:
        raise OutputError(
            f"{file_format} holds at most {most} pixels along an edge, and {path} would have "
            f"{size[0]}×{size[1]}; save it as .png"
        )


def save_image(
    picture: Image.Image,
    path: str | Path,
    *,
    recipe_text: str | None = None,
    overwrite: bool = False,
    quality: int | None = None,
) -> list[str]:
    """Write a picture; the file appears whole or not at all.

    Args:
        picture: mode RGB or RGBA.
        path: where to; the suffix decides the format.
        recipe_text: the recipe to carry, as ASCII JSON; None for the one in
            ``picture.info["puppyslug"]``, which dreams have; empty for none.
        overwrite: whether a file of that name may be replaced.
        quality: of formats with losses, in [1, 100]; None for one that dreams deserve.

    Returns:
        What the format could not hold, as sentences for the user; mostly empty.

    Raises:
        OutputError: as in ``check_output``; also a full disk.
    """
    path = Path(path)
    check_output(path, overwrite=overwrite)
    file_format, arguments = _FORMATS[path.suffix.lower()]
    if quality is not None:
        arguments = {**arguments, "quality": quality}
    notices = []
    if recipe_text is None:
        recipe_text = picture.info.get(RECIPE_KEY)
    if picture.mode == "RGBA" and file_format in _WITHOUT_ALPHA:
        picture = picture.convert("RGB")
        notices.append(f"{file_format} has no transparency: {path.name} is opaque")
    check_edges(path, picture.size)
    carried = save_arguments(file_format, recipe_text)
    if recipe_text and not carried:
        notices.append(f"{file_format} has no room for the recipe: {path.name} cannot be redone")
    encoded = io.BytesIO()
    picture.save(encoded, format=file_format, **arguments, **carried)
    write_whole(path, encoded.getbuffer(), overwrite=overwrite)
    return notices
