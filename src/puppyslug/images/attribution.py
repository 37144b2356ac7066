"""What a picture says about itself and its dream keeps: author, copyright, profile, position.

Nothing else of a photo's metadata gets into a dream: no camera, no serial number, no thumbnail.
"""

import contextlib
import io
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from PIL import ExifTags, Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from puppyslug.images.exif import Tag, find_tag
from puppyslug.images.formats import readable_formats
from puppyslug.images.png_chunks import SIGNATURE, split_png
from puppyslug.images.tiff import is_tiff

ATTRIBUTION_KEY = "puppyslug-attribution"  # in ``info`` of a Pillow image
_ARTIST, _COPYRIGHT = ExifTags.Base.Artist.value, ExifTags.Base.Copyright.value
_POSITION, _PROFILE = ExifTags.IFD.GPSInfo.value, 34_675
_LAST_POSITION_TAG = 31
_MAX_TEXT, _MAX_PROFILE = 1000, 4_000_000  # characters; bytes
_SPACE, _RGB = slice(16, 20), b"RGB "  # of a profile: its colour space
_RATIONAL, _TEXT, _BYTE = 5, 2, 1  # EXIF's types


@dataclass(frozen=True)
class Attribution:
    """What a dream keeps of its photo's metadata.

    Attributes:
        artist: EXIF artist.
        copyright: EXIF copyright.
        profile: ICC profile of RGB colours; empty for sRGB.
        position: values of the EXIF directory GPS, by the number of the tag.
    """

    artist: str = ""
    copyright: str = ""
    profile: bytes = field(default=b"", repr=False)
    position: Mapping[int, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def keep(self, metadata: str) -> "Attribution":
        """Return what a recipe's ``metadata`` asks for: strip, keep or keep-position."""
        if metadata == "strip":
            return Attribution()
        return self if metadata == "keep-position" else replace(self, position={})

    def write_tags(self, exif: Image.Exif) -> None:
        """Add the tags to EXIF data."""
        if self.artist:
            exif[_ARTIST] = self.artist
        if self.copyright:
            exif[_COPYRIGHT] = self.copyright
        if self.position:
            exif.get_ifd(ExifTags.IFD.GPSInfo).update(self.position)

    @property
    def has_tags(self) -> bool:
        """Whether there is anything to store as EXIF."""
        return bool(self.artist or self.copyright or self.position)


NO_ATTRIBUTION = Attribution()


def read_attribution(data: bytes) -> Attribution:
    """Read the attribution from the bytes of an image file; what is damaged is left out."""
    if is_tiff(data):
        profile = find_tag(data, _PROFILE)
        return _from_exif(data, b"" if profile is None else profile.data)
    info: Mapping[Any, object] = {}
    if data.startswith(SIGNATURE):
        info = {**split_png(data).info}
    else:
        with (
            contextlib.suppress(Exception),  # decoders raise every type for damaged files
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(data), formats=readable_formats()) as picture,
        ):
            info = {**picture.info}
    return attribution_of(info)


def attribution_of(info: Mapping[Any, object]) -> Attribution:
    """Return the attribution in ``info`` of a Pillow image."""
    exif, profile = info.get("exif"), info.get("icc_profile")
    return _from_exif(
        exif if isinstance(exif, bytes) else b"", profile if isinstance(profile, bytes) else b""
    )


def attach(picture: Image.Image, attribution: Attribution) -> Image.Image:
    """Let a picture be saved with an attribution; returns the picture."""
    if attribution != NO_ATTRIBUTION:
        picture.info[ATTRIBUTION_KEY] = attribution
    return picture


def attached(picture: Image.Image) -> Attribution:
    """Return the attribution that a picture is saved with."""
    attribution = picture.info.get(ATTRIBUTION_KEY)
    return attribution if isinstance(attribution, Attribution) else NO_ATTRIBUTION


def to_profile(picture: Image.Image) -> tuple[Image.Image, dict[str, object]]:
    """Convert a picture from sRGB to the profile of its attribution.

    Args:
        picture: image of mode RGB or RGBA.

    Returns:
        The picture, and the arguments with which ``PIL.Image.save`` stores the profile. Both are
        unchanged without a profile, or with one that cannot be converted to.
    """
    profile = attached(picture).profile
    if not profile:
        return picture, {}
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        converted = ImageCms.profileToProfile(
            picture.convert("RGB"),
            ImageCms.createProfile("sRGB"),
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        if converted is not None:
            if alpha is not None:
                converted.putalpha(alpha)
            return converted, {"icc_profile": profile}
    return picture, {}


def _from_exif(exif: bytes, profile: bytes) -> Attribution:
    position = {
        number: value
        for number in range(_LAST_POSITION_TAG + 1)
        if (tag := _find(exif, number, _POSITION)) is not None
        and (value := _value(tag)) is not None
    }
    return Attribution(
        _text(_find(exif, _ARTIST)),
        _text(_find(exif, _COPYRIGHT)),
        profile if _is_other_rgb(profile) else b"",
        position,
    )


def _find(exif: bytes, number: int, directory: int | None = None) -> Tag | None:
    with contextlib.suppress(struct.error):
        return find_tag(exif, number, directory)
    return None


def _is_other_rgb(profile: bytes) -> bool:
    """Return whether a profile describes RGB colours other than sRGB."""
    if profile[_SPACE] != _RGB or len(profile) > _MAX_PROFILE:
        return False
    try:
        description = ImageCms.getProfileDescription(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return False
    return "srgb" not in description.lower()


def _text(tag: Tag | None) -> str:
    if tag is None or tag.kind not in (_TEXT, _BYTE):
        return ""
    data = tag.data.rstrip(b"\0 ").replace(b"\0", b"; ")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.strip()[:_MAX_TEXT]


def _value(tag: Tag) -> object:
    """Return the value of a tag as Pillow writes it; None for one that is damaged."""
    if tag.kind == _TEXT:
        return _text(tag)
    if tag.kind == _RATIONAL and tag.data and len(tag.data) % 8 == 0:
        numbers = struct.unpack(f"{tag.order}{len(tag.data) // 4}I", tag.data)
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        values = tuple(IFDRational(*pair) for pair in pairs)
        return values[0] if len(values) == 1 else values
    if tag.kind in (_BYTE, 7):
        return tag.data[:4] if tag.data else None
    return None
