"""The classes of a training job: unique names, pictures and their thumbnails."""

import re
from pathlib import Path

from puppyslug.errors import TrainingError
from puppyslug.labels.spelling import spelling_key
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import StoredFile, TrainingClass, TrainingConfig
from puppyslug.studio.jobs.uploads import INVISIBLE, Upload
from puppyslug.training.class_names import parse_class_name


def thumbnail_file(file: str) -> str:
    """Return the file name of a picture's thumbnail, a hidden file."""
    return f".{file}.jpg"


def find_class(config: TrainingConfig, number: int) -> TrainingClass:
    """Return the class of a number.

    Raises:
        HTTPError: it does not exist.
    """
    for training_class in config.things:
        if training_class.number == number:
            return training_class
    raise HTTPError(404, f"class {number} does not exist in that training job")


def find_picture(config: TrainingConfig, number: int, file: str) -> StoredFile:
    """Return a picture of a class.

    Raises:
        HTTPError: the class or the picture does not exist.
    """
    for picture in find_class(config, number).pictures:
        if picture.file == file:
            return picture
    raise HTTPError(404, f"the picture {file[:80]} does not exist in class {number}")


def validate_name(config: TrainingConfig, text: str, own: TrainingClass | None) -> str:
    """Return the normalised name of a class; empty if the text is blank.

    Args:
        config: the job's configuration.
        text: the name that the user typed.
        own: the class to rename, or None for a new class.

    Raises:
        HTTPError: the name is invalid, or another class has it.
    """
    text = INVISIBLE.sub("", text).strip()
    if not text:
        return ""
    try:
        name = parse_class_name(text, "the name")
    except TrainingError as error:
        raise HTTPError(422, str(error)) from error
    for other in config.things:
        if other is not own and other.name and spelling_key(other.name) == spelling_key(name):
            raise HTTPError(
                409,
                f"the class {other.name} already exists; add the pictures there, or choose "
                "another name",
            )
    return name


def find_duplicate(
    config: TrainingConfig, training_class: TrainingClass, upload: Upload
) -> StoredFile | None:
    """Return the same picture in the same class; None if the picture is new.

    Raises:
        HTTPError: another class has the same picture.
    """
    sha256 = upload.sha256
    for other in config.things:
        for picture in other.pictures:
            if picture.sha256 != sha256:
                continue
            if other is training_class:
                return picture
            owner = f"the class {other.name}" if other.name else f"class {other.number}"
            raise HTTPError(
                409,
                f"{upload.name} is already a picture of {owner}; a picture can belong to one class",
            )
    return None


def write_picture(folder: Path, upload: Upload) -> StoredFile:
    """Write a training picture and its thumbnail, or neither.

    Args:
        folder: folder of the class; created if it does not exist.
        upload: the uploaded file.

    Raises:
        OSError: they cannot be written, for example because the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(upload.name).stem)[:40].strip("-")
    file = f"{upload.sha256[:16]}-{stem or 'picture'}"
    thumbnail = folder / thumbnail_file(f"{file}{upload.suffix}")
    try:
        thumbnail.write_bytes(upload.thumbnail)
        return upload.save(folder, file)
    except BaseException:
        thumbnail.unlink(missing_ok=True)
        (folder / f"{file}{upload.suffix}").unlink(missing_ok=True)
        raise


def delete_picture(folder: Path, picture: StoredFile) -> None:
    """Delete a training picture and its thumbnail from the folder of its class."""
    for name in (picture.file, thumbnail_file(picture.file)):
        (folder / name).unlink(missing_ok=True)
