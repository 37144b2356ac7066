"""A lesson's things: told apart by name, each with its pictures."""

import io
from pathlib import Path

from PIL import Image

from puppyslug.errors import TeachingError
from puppyslug.labels.spelling import key
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.jobs.models import Lesson, Thing
from puppyslug.training.class_names import name_of

THUMBNAIL = 240  # pixels, longest edge


def small(file: str) -> str:
    """The name of a picture's thumbnail; hidden from whoever reads the folder."""
    return f".{file}.jpg"


def thing_of(lesson: Lesson, number: int) -> Thing:
    """The thing of a number.

    Raises:
        RefusedError: there is none.
    """
    for thing in lesson.things:
        if thing.number == number:
            return thing
    raise RefusedError(404, "there is no such thing in that lesson; it may have been deleted")


def free_name(lesson: Lesson, text: str, own: Thing | None) -> str:
    """What a thing is called, which no other is; empty for a thing without a name yet.

    Args:
        lesson: that it is of.
        text: what somebody typed.
        own: the thing, where it is there already.

    Raises:
        RefusedError: it cannot be called so, or another is.
    """
    if not text.strip():
        return ""
    try:
        name = name_of(text.strip(), "the name")
    except TeachingError as error:
        raise RefusedError(422, str(error)) from error
    for thing in lesson.things:
        if thing is not own and thing.name and key(thing.name) == key(name):
            raise RefusedError(
                409, f"there is {thing.name} already; put the pictures there, or take another name"
            )
    return name


def save_thumbnail(picture: Image.Image, path: Path) -> None:
    """Write a picture small (JPEG), on white where it is transparent."""
    data = io.BytesIO()
    little = picture.copy()
    little.thumbnail((THUMBNAIL, THUMBNAIL))
    backdrop = Image.new("RGB", little.size, "white")
    rgba = little.convert("RGBA")
    backdrop.paste(rgba, mask=rgba)
    backdrop.save(data, "JPEG", quality=82)
    path.write_bytes(data.getvalue())
