"""Sizes of pictures and of memory, as people write them. Nothing here imports torch."""

import re

from pydantic import ByteSize, TypeAdapter

from puppyslug.errors import RecipeError
from puppyslug.images.sizes import Size, parse_size

MAX_EDGE = 65_535  # pixels, the most that any format here can hold
DEFAULT_LONGEST = 1024  # pixels, of a photo
DEFAULT_START_SIZE = (360, 640)  # (height, width) of noise and clouds

_SIZE = re.compile(r"([0-9]{1,5})(?:x([0-9]{1,5}))?")


def check_size(text: str) -> str:
    """Accept ``full``, PX or WxH.

    Raises:
        ValueError: anything else, or edges of 0 or more than ``MAX_EDGE`` pixels.
    """
    if text != "full":
        match = _SIZE.fullmatch(text)
        edges = [int(edge) for edge in match.groups() if edge] if match else []
        if not edges or not all(1 <= edge <= MAX_EDGE for edge in edges):
            raise ValueError(
                f"it should be full, PX or WxH, such as 1024 or 640x360, up to {MAX_EDGE}"
            )
    return text


def memory_bytes(text: str) -> int:
    """A number of bytes written as 2GB or 800MiB."""
    return int(TypeAdapter(ByteSize).validate_python(text))


def start_size(text: str | None) -> Size:
    """(height, width) of noise or clouds.

    Args:
        text: a recipe's ``size``.

    Raises:
        RecipeError: ``full``, which is for photos.
    """
    if text is None:
        return DEFAULT_START_SIZE
    if text == "full":
        raise RecipeError("size full is for photos; noise and clouds take WxH, such as 640x360")
    if "x" in text:
        return parse_size(text)
    return max(1, round(int(text) * 9 / 16)), int(text)


def photo_size(text: str | None) -> tuple[int | None, Size | None]:
    """The longest edge and the exact (height, width) of a photo, or None for what is free.

    Args:
        text: a recipe's ``size``.
    """
    if text is None:
        return DEFAULT_LONGEST, None
    if text == "full":
        return None, None
    if "x" in text:
        return None, parse_size(text)
    return int(text), None
