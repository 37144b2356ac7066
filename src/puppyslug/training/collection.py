"""The pictures that a network is taught with: one folder a thing, alike ones known as such."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image, ImageOps
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from puppyslug.errors import ImageError, TeachingError
from puppyslug.images import load_image, to_pil
from puppyslug.labels import NONE
from puppyslug.labels.spelling import key
from puppyslug.networks.finetuned import MOST_THINGS
from puppyslug.training.class_names import FEW, FEWEST, name_of

HELD_OUT = 0.2  # of a thing's pictures
ALIKE = 12  # bits of 64 by which the hashes of near-duplicates may differ
_HASHED_AT = 256  # pixels, longest edge


@dataclass(frozen=True)
class Picture:
    """One picture that can be read.

    Attributes:
        path: its file.
        sha256: of the file.
        hashes: perceptual hashes, of 64 bits, of the picture and of its mirror image.
    """

    path: Path
    sha256: str
    hashes: tuple[np.ndarray, np.ndarray]

    def like(self, other: "Picture") -> bool:
        """Whether two pictures are near-duplicates: resaved, scaled, mirrored, cropped a little."""
        own, (theirs, _) = self.hashes, other.hashes
        return min(int(np.count_nonzero(one != theirs)) for one in own) <= ALIKE


@dataclass(frozen=True)
class Thing:
    """What is to be learnt, and its pictures.

    Attributes:
        name: what it is called, which need not be its folder's name to the letter.
        pictures: in the order of their names.
    """

    name: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Collection:
    """Everything in a folder.

    Attributes:
        things: in the order of their names.
        none: pictures of none of them.
        notices: what the user should know, a sentence each.
    """

    things: tuple[Thing, ...]
    none: tuple[Picture, ...]
    notices: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the things are called."""
        return tuple(thing.name for thing in self.things)


class Folder(NamedTuple):
    """The folder of one thing, and the files in it."""

    path: Path
    files: tuple[Path, ...]


class Sighted(NamedTuple):
    """How far reading pictures is.

    Attributes:
        done: pictures that were read.
        total: that there are.
    """

    done: int
    total: int


def folders_of(folder: Path) -> dict[str, Folder]:
    """The things in a folder, each with its own folder.

    Raises:
        TeachingError: there are none; two names would be one; folders inside folders.
    """
    if not folder.is_dir():
        there = "is no folder" if folder.exists() else "does not exist"
        raise TeachingError(f"{folder} {there}; name a folder with one folder of pictures a thing")
    found: dict[str, Folder] = {}
    by_key: dict[str, Path] = {}
    for place in sorted(_visible(folder)):
        if not place.is_dir():
            continue
        name = name_of(os.fsencode(place.name).decode("utf-8", "replace"))
        if key(name) in by_key:
            raise TeachingError(
                f"{by_key[key(name)].name} and {place.name} would be one thing; rename one of "
                "them, or put their pictures together"
            )
        by_key[key(name)] = place
        files = tuple(sorted(one for one in _visible(place) if one.is_file()))
        inner = [one.name for one in sorted(_visible(place)) if one.is_dir()]
        if inner:
            raise TeachingError(
                f"{place} holds the folder {inner[0]}; put all pictures of {name} into {place} "
                "itself, and each thing into one folder"
            )
        if not files:
            raise TeachingError(f"{place} is empty; put pictures of {name} there, or remove it")
        found[name] = Folder(place, files)
    if not set(found) - {NONE}:
        raise TeachingError(
            f"{folder} holds no folders of pictures; make one for each thing, such as "
            f"{folder / 'my dog'}"
        )
    if len(found) > MOST_THINGS:
        raise TeachingError(f"{len(found)} things are more than the limit of {MOST_THINGS}")
    return found


def read_pictures(found: Mapping[str, Folder]) -> Iterator[Sighted | Collection]:
    """Read every picture once; the last thing yielded is the collection.

    Args:
        found: as ``folders_of`` gives it.

    Raises:
        TeachingError: a thing has too few pictures, or a picture is in two folders.
    """
    total, done = sum(len(folder.files) for folder in found.values()), 0
    notices: list[str] = []
    every: dict[str, list[Picture]] = {}
    broken: list[str] = []
    for name, folder in found.items():
        every[name] = []
        for path in folder.files:
            try:
                every[name].append(_read(path))
            except ImageError as error:
                broken.append(str(error))
            done += 1
            yield Sighted(done, total)
    notices += [f"left out: {reason}" for reason in broken]
    for name, pictures in every.items():
        place = found[name].path
        if name != NONE and len(pictures) < FEWEST:
            readable = "no picture" if not pictures else f"only {len(pictures)}"
            raise TeachingError(
                f"{place} has {readable} that can be read; {FEWEST} are the least, and "
                f"{FEW} or more are better"
            )
        if name != NONE and len(pictures) < FEW:
            notices.append(f"{name} has only {len(pictures)} pictures; more would teach more")
    notices += _shared(every)
    things = tuple(Thing(name, tuple(p)) for name, p in every.items() if name != NONE)
    if len(things) == 1:
        notices.append(
            f"{things[0].name} is the only thing: it is told from clouds, noise and what the "
            "network knew before; a folder none of other pictures, or a second thing, helps"
        )
    yield Collection(things, tuple(every.get(NONE, ())), tuple(notices))


def split(
    pictures: Sequence[Picture], generator: np.random.Generator
) -> tuple[list[Picture], list[Picture]]:
    """Divide pictures into those to learn from and those that are held out.

    Near-duplicates stay together: a picture held out is like none that is learnt from.

    Args:
        pictures: of one thing.
        generator: chooses.

    Returns:
        Both, in their own order; nothing is held out where all are alike.
    """
    groups = _alike(pictures)
    count = groups.max() + 1 if len(pictures) else 0
    held: set[int] = set()
    if count > 1:
        wanted, sizes = HELD_OUT * len(pictures), np.bincount(groups)
        for group in generator.permutation(count):
            so_far = sum(sizes[g] for g in held)
            fits = so_far + sizes[group] <= max(wanted, 1) * 2 and len(held) < count - 1
            if so_far < wanted and fits:
                held.add(int(group))
    return (
        [p for p, group in zip(pictures, groups, strict=True) if group not in held],
        [p for p, group in zip(pictures, groups, strict=True) if group in held],
    )


def _alike(pictures: Sequence[Picture]) -> np.ndarray:
    """The number of the group of near-duplicates that each picture is in."""
    if not pictures:
        return np.zeros(0, dtype=int)
    hashes = np.stack([picture.hashes[0] for picture in pictures]).reshape(len(pictures), -1)
    mirrored = np.stack([picture.hashes[1] for picture in pictures]).reshape(len(pictures), -1)
    bits = hashes.astype(np.float32)
    near = np.zeros((len(pictures), len(pictures)), dtype=bool)
    for other in (bits, mirrored.astype(np.float32)):
        near |= other @ (1 - bits).T + (1 - other) @ bits.T <= ALIKE
    return np.asarray(connected_components(coo_array(near), directed=False)[1])


def _shared(every: dict[str, list[Picture]]) -> list[str]:
    """Pictures of different things that are nearly the same.

    Raises:
        TeachingError: they are the very same.
    """
    notices = []
    for one, other in combinations(every, 2):
        same = {picture.sha256: picture for picture in every[one]}
        for picture in every[other]:
            if twin := same.get(picture.sha256):
                raise TeachingError(
                    f"{twin.path} and {picture.path} are the same picture; it can be of one thing "
                    "only: remove one of them"
                )
        pairs = [(a, b) for a in every[one] for b in every[other] if a.like(b)]
        notices += [f"{a.path} and {b.path} are nearly the same picture" for a, b in pairs[:3]]
    return notices


def _read(path: Path) -> Picture:
    photo = load_image(path, longest=_HASHED_AT)
    picture = to_pil(photo.image)
    return Picture(path, photo.sha256, (_hash(picture), _hash(ImageOps.mirror(picture))))


def _hash(picture: Image.Image) -> np.ndarray:
    return np.asarray(imagehash.phash(picture).hash).ravel()


def _visible(folder: Path) -> Iterator[Path]:
    try:
        return (one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError as error:
        raise TeachingError(f"{folder} cannot be read: {error.strerror}") from error
