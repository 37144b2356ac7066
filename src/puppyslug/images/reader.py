"""Picture files in: EXIF turn, colour profile, transparency, depth and size limits."""

import contextlib
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms
from torch import Tensor

from puppyslug.errors import ImageError
from puppyslug.images.decoder import decode
from puppyslug.images.sizes import fit

Source = str | Path | Image.Image  # a file, or a picture in memory


@dataclass(frozen=True)
class Photo:
    """A picture as puppyslug holds it.

    Attributes:
        image: 1×3×H×W float32 RGB in [0, 1], turned upright, in sRGB.
        alpha: 1×1×H×W float32 in [0, 1], or None where the picture has no transparency.
        name: the file's name without its folder; empty for a picture made in memory.
        sha256: of the file's bytes, or of the pixels of a picture made in memory.
        full_size: (height, width) before it was scaled down.
    """

    image: Tensor
    alpha: Tensor | None
    name: str
    sha256: str
    full_size: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of ``image``."""
        return self.image.shape[-2], self.image.shape[-1]


def load_image(
    path: str | Path, *, longest: int | None = None, size: tuple[int, int] | None = None
) -> Photo:
    """Read a picture file.

    The EXIF turn is applied, an ICC profile converted to sRGB, transparency kept aside. Grey,
    palette, CMYK and 16-bit pictures are accepted; of an animation, the first frame.

    Args:
        path: the file.
        longest: scale down, never up, so that the longest edge is at most this many pixels;
            None keeps every pixel.
        size: scale, down or up, to exactly this (height, width); wins over ``longest``.

    Returns:
        The picture, with its alpha, name and hash.

    Raises:
        ImageError: the file is missing, empty, damaged, no picture, or has more than
            ``MAX_PIXELS`` pixels (refused before decoding).
    """
    path = Path(path)
    data = _read_bytes(path)
    picture = decode(data, str(path))
    name = path.name.encode("utf-8", "replace").decode()  # names on disk need not be UTF-8
    return _photo(picture, name, hashlib.sha256(data).hexdigest(), longest, size)


def photo_from(
    picture: Image.Image, *, longest: int | None = None, size: tuple[int, int] | None = None
) -> Photo:
    """Take a picture that is already in memory, as ``load_image`` takes a file.

    Args:
        picture: any mode of Pillow's.
        longest: as in ``load_image``.
        size: as in ``load_image``.

    Returns:
        The picture; its name is empty and its hash is that of its pixels.
    """
    return _photo(picture, "", hashlib.sha256(picture.tobytes()).hexdigest(), longest, size)


def check_readable(path: Path) -> None:
    """Refuse a picture that is not there, before anything else is looked at.

    Raises:
        ImageError: it does not exist, or is a folder.
    """
    if path.is_dir():
        raise ImageError(f"{path} is a folder; name a picture in it")
    if not path.exists():
        raise ImageError(f"{path} does not exist; check the name")


def _read_bytes(path: Path) -> bytes:
    check_readable(path)
    if not path.is_file():
        raise ImageError(f"{path} is not a regular file; name a picture file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from error
    if not data:
        raise ImageError(f"{path} is empty (0 bytes); copy the picture again")
    return data


def _photo(
    picture: Image.Image,
    name: str,
    sha256: str,
    longest: int | None,
    size: tuple[int, int] | None,
) -> Photo:
    full_size = picture.height, picture.width
    if 0 in full_size:
        raise ImageError(f"the picture {name} has no pixels: {picture.width}×{picture.height}")
    if size is None:
        size = full_size if longest is None else fit(full_size, longest)
    picture, alpha = _split_alpha(picture)
    picture = _to_srgb(_to_eight_bit(picture))
    if size != full_size:
        shape = size[1], size[0]
        picture = picture.resize(shape, Image.Resampling.LANCZOS)
        alpha = None if alpha is None else alpha.resize(shape, Image.Resampling.LANCZOS)
    return Photo(
        _tensor(picture), None if alpha is None else _tensor(alpha), name, sha256, full_size
    )


def _tensor(picture: Image.Image) -> Tensor:
    """An RGB or L picture as 1×C×H×W float32 in [0, 1]."""
    values = np.array(picture, dtype=np.float32)
    values /= 255
    return torch.from_numpy(values.reshape(1, picture.height, picture.width, -1)).permute(
        0, 3, 1, 2
    )


def _split_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The picture without its transparency, and that as a picture of mode L."""
    if not picture.has_transparency_data:
        return picture, None
    profile = picture.info.get("icc_profile")
    picture = picture.convert("LA" if picture.mode in {"LA", "La"} else "RGBA")
    *bands, alpha = picture.split()
    opaque = bands[0] if len(bands) == 1 else Image.merge("RGB", bands)
    if profile:
        opaque.info["icc_profile"] = profile
    return opaque, alpha


def _to_eight_bit(picture: Image.Image) -> Image.Image:
    """Grey pictures of 16 bits, 32 bits or floats in [0, 1] as mode L; others unchanged."""
    if picture.mode == "F":
        values = np.asarray(picture) * 255
    elif picture.mode == "I" or picture.mode.startswith("I;16"):
        values = np.asarray(picture).astype(np.float64) / 257
    else:
        return picture
    return Image.fromarray(np.nan_to_num(values).clip(0, 255).round().astype(np.uint8))


def _to_srgb(picture: Image.Image) -> Image.Image:
    """RGB in sRGB, through the picture's own ICC profile where it has a sound one."""
    profile = picture.info.get("icc_profile")
    if profile:
        if picture.mode not in {"RGB", "CMYK", "L", "LAB"}:
            picture = picture.convert("RGB")
        with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
    return picture.convert("RGB")


def read_picture(
    source: Source, longest: int | None = None, size: tuple[int, int] | None = None
) -> Photo:
    """Read a file, or take a picture in memory; sizes as in ``load_image``.

    Raises:
        ImageError: it cannot be read, or is no picture at all.
    """
    if isinstance(source, Image.Image):
        return photo_from(source, longest=longest, size=size)
    if not isinstance(source, str | Path):
        raise ImageError(
            f"a picture is a file or a Pillow picture here, not a {type(source).__name__}"
        )
    return load_image(source, longest=longest, size=size)
