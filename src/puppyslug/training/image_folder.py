"""Training images: a folder that contains one folder of images for each class."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from puppyslug.errors import ImageError, TrainingError, plural
from puppyslug.labels import NONE_CLASS
from puppyslug.labels.spelling import spelling_key
from puppyslug.networks.finetuned import MAX_NEW_CLASSES
from puppyslug.training.class_names import MIN_IMAGES, RECOMMENDED_IMAGES, parse_class_name
from puppyslug.training.near_duplicates import TrainingImage, check_duplicates, hash_image


@dataclass(frozen=True)
class ClassImages:
    """A class and its images.

    Attributes:
        name: name of the class, which may be spelled differently from that of its folder.
        images: in the order of their file names.
    """

    name: str
    images: tuple[TrainingImage, ...]


@dataclass(frozen=True)
class ImageCollection:
    """All readable images of a folder.

    Attributes:
        classes: in the order of their names.
        negatives: images of none of the classes.
        notices: messages for the user.
    """

    classes: tuple[ClassImages, ...]
    negatives: tuple[TrainingImage, ...]
    notices: tuple[str, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(one.name for one in self.classes)


class ClassFolder(NamedTuple):
    """The folder of a class, and the files in it."""

    path: Path
    files: tuple[Path, ...]


class ItemProgress(NamedTuple):
    """The number of items that have been processed, and of all items."""

    done: int
    total: int


def find_class_folders(folder: Path) -> dict[str, ClassFolder]:
    """Find the folder of each class.

    Returns:
        The folders by class name; ``none`` stands for images of none of the classes.

    Raises:
        TrainingError: there are no classes or too many, two folders have the same class name, a
            folder is empty, or folders are nested.
    """
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise TrainingError(
            f"{folder} {problem}; name a folder that contains a folder of images for each class"
        )
    found: dict[str, ClassFolder] = {}
    by_key: dict[str, Path] = {}
    for path in sorted(_visible_paths(folder)):
        if not path.is_dir():
            continue
        name = parse_class_name(os.fsencode(path.name).decode("utf-8", "replace"))
        twin = by_key.setdefault(spelling_key(name), path)
        if twin is not path:
            raise TrainingError(
                f"{twin.name} and {path.name} have the same class name; rename or merge them"
            )
        found[name] = _list_class_folder(path, name)
    if not set(found) - {NONE_CLASS}:
        raise TrainingError(
            f"{folder} contains no folders of images; create one for each class, such as "
            f"{folder / 'my dog'}"
        )
    if len(found) > MAX_NEW_CLASSES:
        raise TrainingError(
            f"{folder} contains {len(found)} classes; the limit is {MAX_NEW_CLASSES}"
        )
    return found


def read_images(folders: Mapping[str, ClassFolder]) -> Iterator[ItemProgress | ImageCollection]:
    """Read every image once.

    Args:
        folders: as returned by ``find_class_folders``.

    Yields:
        The progress after each file; finally the collection.

    Raises:
        TrainingError: a class has too few images, or an image is in two folders.
    """
    total, done = sum(len(folder.files) for folder in folders.values()), 0
    notices: list[str] = []
    images: dict[str, list[TrainingImage]] = {}
    for name, folder in folders.items():
        images[name] = []
        for path in folder.files:
            try:
                images[name].append(hash_image(path))
            except ImageError as error:
                notices.append(f"skipped: {error}")
            done += 1
            yield ItemProgress(done, total)
    notices += _check_counts(folders, images)
    notices += check_duplicates(images)
    classes = tuple(
        ClassImages(name, tuple(own)) for name, own in images.items() if name != NONE_CLASS
    )
    if len(classes) == 1:
        notices.append(
            f"{classes[0].name} is the only class, so it is compared with generated images and "
            "the base network's classes only; add a second class, or a folder none of other images"
        )
    yield ImageCollection(classes, tuple(images.get(NONE_CLASS, ())), tuple(notices))


def _list_class_folder(path: Path, name: str) -> ClassFolder:
    files = tuple(sorted(one for one in _visible_paths(path) if one.is_file()))
    nested = [one.name for one in sorted(_visible_paths(path)) if one.is_dir()]
    if nested:
        raise TrainingError(
            f"{path} contains the folder {nested[0]}; move all images of {name} into {path}"
        )
    if not files:
        raise TrainingError(f"{path} is empty; add images of {name}, or remove the folder")
    return ClassFolder(path, files)


def _check_counts(
    folders: Mapping[str, ClassFolder], images: Mapping[str, list[TrainingImage]]
) -> list[str]:
    """Return notices about classes with few images.

    Raises:
        TrainingError: a class has too few images.
    """
    notices = []
    for name, own in images.items():
        if name == NONE_CLASS:
            continue
        if len(own) < MIN_IMAGES:
            raise TrainingError(
                f"{folders[name].path} contains {plural(len(own), 'readable image')}; at least "
                f"{MIN_IMAGES} are required, and {RECOMMENDED_IMAGES} or more are recommended"
            )
        if len(own) < RECOMMENDED_IMAGES:
            notices.append(
                f"{name} has only {plural(len(own), 'image')}; {RECOMMENDED_IMAGES} or more are "
                "recommended"
            )
    return notices


def _visible_paths(folder: Path) -> Iterator[Path]:
    try:
        return (one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError as error:
        raise TrainingError(f"cannot read {folder}: {error.strerror}") from error
