"""The settings for image size and memory, as a user writes them. Nothing here imports torch."""

import re

from pydantic import ByteSize, TypeAdapter

from puppyslug.errors import RecipeError
from puppyslug.images.sizes import Size, parse_size
from puppyslug.recipe import defaults

MAX_SIDE = 65_535  # pixels; the largest that any supported format can hold

_SIZE = re.compile(r"([0-9]{1,5})(?:x([0-9]{1,5}))?")


def validate_size(text: str) -> str:
    """Check that a size is ``full``, PX or WxH.

    Returns:
        The text, unchanged.

    Raises:
        ValueError: another text, or a side of 0 or more than ``MAX_SIDE`` pixels.
    """
    if text != "full":
        match = _SIZE.fullmatch(text)
        sides = [int(side) for side in match.groups() if side] if match else []
        if not sides or not all(1 <= side <= MAX_SIDE for side in sides):
            raise ValueError(
                f"it should be full, PX or WxH, such as 1024 or 640x360, up to {MAX_SIDE}"
            )
    return text


def parse_share(text: str) -> float:
    """Convert a share, such as 0.5 or 50%, to a number.

    Raises:
        ValueError: another text.
    """
    number = text.strip().removesuffix("%")
    try:
        value = float(number)
    except ValueError as error:
        raise ValueError("it should be a number or a percentage, such as 0.5 or 50%") from error
    return value / 100 if number != text.strip() else value


def parse_memory(text: str) -> int:
    """Convert an amount of memory, such as 2GB or 800MiB, to bytes."""
    return int(TypeAdapter(ByteSize).validate_python(text))


def starting_image_size(text: str | None) -> Size:
    """Return (height, width) of noise or clouds.

    Args:
        text: ``size`` of a recipe.

    Raises:
        RecipeError: ``full``, which applies to photos only.
    """
    if text is None:
        return defaults.STARTING_IMAGE_SIZE
    if text == "full":
        raise RecipeError("size full applies to photos only; use WxH, such as 640x360")
    if "x" in text:
        return parse_size(text)
    return max(1, round(int(text) * 9 / 16)), int(text)


def photo_size(text: str | None) -> tuple[int | None, Size | None]:
    """Return the maximum side length and the exact (height, width) of a photo.

    Args:
        text: ``size`` of a recipe.

    Returns:
        Two values of which at most one is set; both are None for the photo's full size.
    """
    if text is None:
        return defaults.PHOTO_SIDE, None
    if text == "full":
        return None, None
    if "x" in text:
        return None, parse_size(text)
    return int(text), None
