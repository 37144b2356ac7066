"""Read images, of files and in memory, into tensors."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from puppyslug.errors import ImageError
from puppyslug.images.attribution import (
    NO_ATTRIBUTION,
    Attribution,
    attribution_of,
    read_attribution,
)
from puppyslug.images.decoder import MAX_PIXELS, decode_upright
from puppyslug.images.pillow_decoder import load_picture
from puppyslug.images.pipeline import UprightImage, normalise
from puppyslug.images.sizes import Size, display_size, fit_size
from puppyslug.isolation.torch_state import standard_torch

ImageSource = str | Path | Image.Image  # a file, or an image in memory
_EXACT_FORMATS = ("JPEG", "PNG", "TIFF")  # of which Pillow decodes some files otherwise


@dataclass(frozen=True)
class Photo:
    """An image as a tensor, with what identifies it.

    Attributes:
        image: 1×3×H×W float32 RGB in [0, 1], upright, in sRGB.
        alpha: 1×1×H×W float32 in [0, 1], or None if the image has no transparency.
        name: name of the file without its folder; empty for an image from memory.
        sha256: hash of the file's bytes, or of the pixels of an image from memory.
        original_size: (height, width) before scaling.
        notices: what the user should know about how the image was read.
        attribution: its author, copyright, profile and position.
    """

    image: Tensor
    alpha: Tensor | None
    name: str
    sha256: str
    original_size: Size
    notices: tuple[str, ...] = ()
    attribution: Attribution = NO_ATTRIBUTION

    @property
    def size(self) -> Size:
        """(height, width) of ``image``."""
        return self.image.shape[-2], self.image.shape[-1]

    def __repr__(self) -> str:
        return f"<Photo {self.name or 'in memory'}, {display_size(self.size)}>"


LoadedImage = Photo


def load_image(
    path: str | Path,
    *,
    longest: int | None = None,
    size: Size | None = None,
    enlarge: bool = False,
) -> LoadedImage:
    """Read an image file.

    The EXIF orientation is applied, an ICC profile is converted to sRGB, and transparency is
    separated. Greyscale, palette, CMYK, Lab and deep images are accepted: integers of up to 16 bits
    are scaled by the range of their type, floats and wider integers by the range of their values,
    with a notice. Of an animation, the first frame is read.

    Args:
        path: the file.
        longest: scale down so that the longest side has at most this many pixels; None keeps the
            size.
        size: scale, down or up, to exactly this (height, width); takes precedence over ``longest``.
        enlarge: scale up, too, so that the longest side has exactly ``longest`` pixels.

    Returns:
        The image with its alpha channel, name and hash.

    Raises:
        ImageError: the file is missing, empty, damaged, not an image, or has more than
            ``MAX_PIXELS`` pixels (checked before decoding).
    """
    if not isinstance(path, str | Path):
        raise ImageError(f"an image file is named by a path, not by {type(path).__name__}")
    if longest is not None and (not isinstance(longest, int) or longest < 1):
        raise ImageError(f"longest is {longest!r}; use a number of pixels of at least 1")
    if size is not None and not _is_size(size):
        raise ImageError(f"size is {size!r}; use (height, width) in pixels, each at least 1")
    path = Path(path)
    data = _read_bytes(path)
    upright = decode_upright(data, str(path))
    name = path.name.encode("utf-8", "replace").decode()  # names on disk need not be UTF-8
    size = _target_size(upright, longest, size, enlarge=enlarge)
    photo = _convert(upright, name, hashlib.sha256(data).hexdigest(), size)
    return replace(photo, attribution=read_attribution(data))


def image_from_pil(
    picture: Image.Image,
    *,
    longest: int | None = None,
    size: Size | None = None,
    enlarge: bool = False,
) -> LoadedImage:
    """Convert an image in memory, as ``load_image`` does with a file.

    Args:
        picture: image of any mode; profile, transparency and EXIF orientation in its ``info`` are
            applied.
        longest: as in ``load_image``.
        size: as in ``load_image``.
        enlarge: as in ``load_image``.

    Returns:
        The image; its name is empty and its hash is that of its pixels.

    Raises:
        ImageError: the image has no pixels, or the file that it was opened from is damaged.
    """
    if 0 in picture.size:
        raise ImageError(f"the image has no pixels: {display_size(picture.size[::-1])}")
    data = _file_of(picture)
    attribution = attribution_of(picture.info) if data is None else read_attribution(data)
    if data is not None:
        upright = decode_upright(data, "the image")
        pixels = upright.to_pil().tobytes()
    else:
        prepared = load_picture(picture)
        upright, pixels = normalise(prepared), prepared.tobytes()
    size = _target_size(upright, longest, size, enlarge=enlarge)
    photo = _convert(upright, "", hashlib.sha256(pixels).hexdigest(), size)
    return replace(photo, attribution=attribution)


def _file_of(picture: Image.Image) -> bytes | None:
    """Return the file of an image that Pillow has opened, but not decoded; None for others.

    Pillow decodes some files otherwise than ``load_image``: of 16 bits, it keeps the upper 8.
    """
    file: Any = getattr(picture, "fp", None)
    if not getattr(picture, "tile", None) or file is None or picture.format not in _EXACT_FORMATS:
        return None
    try:
        if picture.tell() != 0:  # a later frame of an animation
            return None
        position = file.tell()
        file.seek(0)
        data: bytes = file.read()
        file.seek(position)
    except (OSError, ValueError):
        return None
    return data


def read_image(
    source: ImageSource,
    longest: int | None = None,
    size: Size | None = None,
    *,
    enlarge: bool = False,
) -> LoadedImage:
    """Read a file or convert an image in memory; sizes as in ``load_image``.

    Raises:
        ImageError: the file cannot be read, or ``source`` is of another type.
    """
    if isinstance(source, Image.Image):
        return image_from_pil(source, longest=longest, size=size, enlarge=enlarge)
    if not isinstance(source, str | Path):
        raise ImageError(
            f"expected an image file or a PIL.Image.Image, not {type(source).__name__}; convert an "
            "array with Image.fromarray(…)"
        )
    return load_image(source, longest=longest, size=size, enlarge=enlarge)


def _is_size(size: object) -> bool:
    return (
        isinstance(size, list | tuple)
        and len(size) == 2
        and all(isinstance(side, int) and side >= 1 for side in size)
    )


def check_image_file(path: Path) -> None:
    """Check that an image file exists, before any expensive work.

    Raises:
        ImageError: the file does not exist, or is a folder.
    """
    if path.is_dir():
        raise ImageError(f"{path} is a folder; name an image in it")
    if not path.exists():
        raise ImageError(f"{path} does not exist; check the name")


def _read_bytes(path: Path) -> bytes:
    check_image_file(path)
    if not path.is_file():
        raise ImageError(f"{path} is not a regular file; name an image file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from error
    if not data:
        raise ImageError(f"{path} is empty (0 bytes); copy the image again")
    return data


def _target_size(
    upright: UprightImage, longest: int | None, size: Size | None, *, enlarge: bool
) -> Size:
    """Return the (height, width) to which an image is scaled."""
    if size is not None:
        return size
    original_size = upright.picture.height, upright.picture.width
    if longest is None:
        return original_size
    size = fit_size(original_size, longest, enlarge=enlarge)
    if size[0] * size[1] > max(MAX_PIXELS, original_size[0] * original_size[1]):
        raise ImageError(
            f"{display_size(size)} exceeds the limit of {MAX_PIXELS / 1e6:.0f} megapixels; use a "
            "smaller size"
        )
    return size


@standard_torch()
def _convert(upright: UprightImage, name: str, sha256: str, size: Size) -> LoadedImage:
    picture, alpha, notices = upright
    original_size = picture.height, picture.width
    if size != original_size:
        shape = size[1], size[0]
        picture = picture.resize(shape, Image.Resampling.LANCZOS)
        alpha = None if alpha is None else alpha.resize(shape, Image.Resampling.LANCZOS)
    alpha_tensor = None if alpha is None else _to_tensor(alpha)
    named = tuple(f"{name or 'the image'}: {notice}" for notice in notices)
    return LoadedImage(_to_tensor(picture), alpha_tensor, name, sha256, original_size, named)


def _to_tensor(picture: Image.Image) -> Tensor:
    """Convert an image of mode RGB or L to 1×C×H×W float32 in [0, 1]."""
    values = np.array(picture, dtype=np.float32)
    values /= 255
    values = values.reshape(1, picture.height, picture.width, -1)
    return torch.from_numpy(values).permute(0, 3, 1, 2)
