"""Lessons: things named, pictures taken in, a network asked for."""

import re
import secrets
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from puppyslug.labels import NONE
from puppyslug.networks import find_spec
from puppyslug.networks.finetuned import MOST_THINGS, SUFFIX
from puppyslug.networks.weights.cache import is_here
from puppyslug.recipe.presets import EYES
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.jobs.models import (
    TEACHING,
    Dream,
    Lesson,
    ShownLesson,
    ShownThing,
    Status,
    StoredFile,
    Thing,
)
from puppyslug.studio.jobs.networks import Networks, file_of
from puppyslug.studio.jobs.storage import Folder
from puppyslug.studio.jobs.store import Store
from puppyslug.studio.jobs.training_classes import free_name, save_thumbnail, small, thing_of
from puppyslug.studio.jobs.uploads import Upload
from puppyslug.studio.limits import Limits
from puppyslug.training.class_names import FEWEST

IDLE = tuple(status for status in Status if not status.active and status is not Status.QUEUED)


class Lessons:
    """Takes lessons in, and keeps what they are taught with."""

    def __init__(self, store: Store, folder: Folder, limits: Limits, networks: Networks) -> None:
        """Take what keeps lessons, and what they may be."""
        self._store, self._folder, self._limits = store, folder, limits
        self._networks = networks
        self._lock = threading.Lock()  # from reading a lesson to writing it

    def begin(self) -> Dream:
        """A lesson that nothing is known of yet."""
        identity = secrets.token_urlsafe(12)
        self._folder.of(identity).mkdir()
        lesson = Dream(
            id=identity,
            kind=TEACHING,
            status=Status.DRAFT,
            recipe={},
            lesson=Lesson(base=EYES),
            created=time.time(),
        )
        self._store.add(lesson, room=sys.maxsize)
        return lesson

    def name(self, identity: str, fields: dict[str, Any]) -> Dream:
        """Change the network's name, the base or the seed.

        Raises:
            RefusedError: the name is none or taken, or nothing can be changed now.
            NetworkError: there is no such base.
        """

        def change(lesson: Lesson) -> None:
            if "name" in fields:
                lesson.file = file_of(str(fields["name"]))
            if "base" in fields:
                lesson.base = _base(str(fields["base"]))
            lesson.seed = int(fields.get("seed", lesson.seed))

        return self._change(identity, change)

    def add_thing(self, identity: str, name: str = "") -> Thing:
        """Another thing to be taught.

        Raises:
            RefusedError: its name is none or taken, or there are too many.
        """
        added = Thing(number=0)

        def change(lesson: Lesson) -> None:
            if len(lesson.things) > MOST_THINGS:
                raise RefusedError(422, f"{MOST_THINGS} things are the limit")
            added.number = 1 + max((thing.number for thing in lesson.things), default=0)
            added.name = free_name(lesson, name, None)
            lesson.things.append(added)

        self._change(identity, change)
        return added

    def name_thing(self, identity: str, number: int, name: str) -> Dream:
        """Call a thing something else.

        Raises:
            RefusedError: there is no such thing, or the name is none or taken.
        """

        def change(lesson: Lesson) -> None:
            thing = thing_of(lesson, number)
            thing.name = free_name(lesson, name, thing)

        return self._change(identity, change)

    def remove_thing(self, identity: str, number: int) -> Dream:
        """Forget a thing, and delete its pictures.

        Raises:
            RefusedError: there is no such thing.
        """

        def change(lesson: Lesson) -> None:
            thing = thing_of(lesson, number)
            for picture in thing.pictures:
                self._delete(identity, number, picture)
            lesson.things.remove(thing)

        return self._change(identity, change)

    def add_picture(
        self, identity: str, number: int, upload: Upload, picture: Image.Image
    ) -> StoredFile:
        """Keep a picture of a thing; one that is there already is there once.

        Args:
            identity: of the lesson.
            number: of the thing.
            upload: what was sent.
            picture: that, decoded.

        Raises:
            RefusedError: there is no such thing, too much of something, or another thing has it.
        """
        kept: list[StoredFile] = []

        def change(lesson: Lesson) -> None:
            thing = thing_of(lesson, number)
            home = self.home(identity, number)
            sha256 = upload.sha256
            for other in lesson.things:
                for one in other.pictures:
                    if one.sha256 == sha256 and other is thing:
                        kept.append(one)
                        return
                    if one.sha256 == sha256:
                        called = other.name or "another thing"
                        raise RefusedError(
                            409, f"{upload.name} is a picture of {called} already; it can be of one"
                        )
            self._check_room(lesson, len(upload.data))
            home.mkdir(parents=True, exist_ok=True)
            stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(upload.name).stem)[:40].strip("-")
            stored = upload.keep(home, f"{sha256[:16]}-{stem or 'picture'}")
            save_thumbnail(picture, home / small(stored.file))
            thing.pictures.append(stored)
            kept.append(stored)

        self._change(identity, change)
        return kept[0]

    def remove_picture(self, identity: str, number: int, file: str) -> Dream:
        """Delete a picture of a thing.

        Raises:
            RefusedError: there is no such picture.
        """

        def change(lesson: Lesson) -> None:
            picture = self.picture(lesson, number, file)
            thing_of(lesson, number).pictures.remove(picture)
            self._delete(identity, number, picture)

        return self._change(identity, change)

    def picture(self, lesson: Lesson, number: int, file: str) -> StoredFile:
        """A picture of a thing.

        Raises:
            RefusedError: there is none of that name.
        """
        for picture in thing_of(lesson, number).pictures:
            if picture.file == file:
                return picture
        raise RefusedError(404, "there is no such picture; it may have been deleted")

    def home(self, identity: str, number: int) -> Path:
        """The folder of a thing's pictures."""
        return self._folder.of(identity) / "things" / str(number)

    def ask(self, identity: str) -> None:
        """Queue a lesson, that was given all it needs.

        Raises:
            RefusedError: something is missing, a name is taken, or nothing can be asked for now.
        """
        with self._lock:
            dream = self._store.get(identity)
            if dream is None or dream.lesson is None:
                raise RefusedError(404, "there is no such lesson; it may have been deleted")
            self._check(dream, dream.lesson)
            fields = {"status": Status.QUEUED, "attempts": 0, "error": "", "ended": None,
                      "notices": []}  # fmt: skip
            if self._store.change(identity, only=IDLE, **fields) is None:
                raise RefusedError(409, f"that lesson is {dream.status} already")

    def shown(self, dream: Dream, **now: Any) -> ShownLesson:
        """A lesson as the API shows it.

        Args:
            dream: the lesson.
            now: its ``progress`` and ``position``.
        """
        lesson, outcome = dream.lesson, dream.outcome
        assert lesson is not None
        same = ("id", "status", "created", "started", "ended", "bytes", "error", "notices")
        return ShownLesson(
            **{name: getattr(dream, name) for name in same},
            name=lesson.file.removesuffix(SUFFIX),
            base=lesson.base,
            seed=lesson.seed,
            things=[
                ShownThing(number=thing.number, name=thing.name, count=len(thing.pictures))
                for thing in lesson.things
            ],
            outcome=outcome,
            here=outcome is not None and self._networks.path(outcome.file) is not None,
            **now,
        )

    def _check(self, dream: Dream, lesson: Lesson) -> None:
        """Refuse what would fail later, while somebody is there to read it."""
        if not lesson.file:
            raise RefusedError(422, "the network has no name yet; give it one, such as my pets")
        things = [thing for thing in lesson.things if thing.name != NONE]
        if not things:
            raise RefusedError(
                422, "there is nothing to teach yet; name a thing, and send pictures"
            )
        for place, thing in enumerate(lesson.things, 1):
            if not thing.name:
                raise RefusedError(422, f"thing {place} has no name yet; say what it is")
            if thing.name != NONE and len(thing.pictures) < FEWEST:
                raise RefusedError(
                    422,
                    f"{thing.name} has {_counted(len(thing.pictures))}; {FEWEST} are the least, "
                    "and 10 or more are better",
                )
        own = dream.outcome is not None and dream.outcome.file == lesson.file
        taken = self._networks.taken(lesson.file)
        waiting = (
            one
            for one in self._store.with_status(Status.QUEUED, Status.RUNNING, Status.PAUSED)
            if one.lesson and one.lesson.file.casefold() == lesson.file.casefold()
        )
        if (taken is not None and not own) or any(one.id != dream.id for one in waiting):
            raise RefusedError(
                409,
                f"there is a network {(taken or lesson.file).removesuffix(SUFFIX)} already; "
                "take another name, or delete that one first",
            )

    def _check_room(self, lesson: Lesson, more: int) -> None:
        if sum(len(thing.pictures) for thing in lesson.things) >= self._limits.pictures:
            raise RefusedError(
                422, f"{self._limits.pictures} pictures are the limit for a network here"
            )
        if self._store.total_bytes(lessons=True) + more > self._limits.lessons:
            most = self._limits.lessons / 1e9
            raise RefusedError(
                413, f"pictures to teach with may take {most:g} GB here; delete some first"
            )

    def _change(self, identity: str, change: Callable[[Lesson], None]) -> Dream:
        """Change what is to be taught, while nobody learns from it."""
        with self._lock:
            dream = self._store.get(identity)
            if dream is None or dream.lesson is None:
                raise RefusedError(404, "there is no such lesson; it may have been deleted")
            if dream.status not in IDLE:
                raise RefusedError(409, f"that lesson is {dream.status}; cancel it to change it")
            change(dream.lesson)
            title = dream.lesson.file.removesuffix(SUFFIX)
            changed = self._store.change(
                identity,
                only=IDLE,
                lesson=dream.lesson,
                title=title,
                bytes=sum(
                    self._size(identity, thing.number, one)
                    for thing in dream.lesson.things
                    for one in thing.pictures
                ),
            )
        if changed is None:
            raise RefusedError(409, "that lesson has just begun, or is gone")
        return changed

    def _size(self, identity: str, number: int, picture: StoredFile) -> int:
        path = self.home(identity, number) / picture.file
        return path.stat().st_size if path.is_file() else 0

    def _delete(self, identity: str, number: int, picture: StoredFile) -> None:
        home = self.home(identity, number)
        for name in (picture.file, small(picture.file)):
            (home / name).unlink(missing_ok=True)


def _base(name: str) -> str:
    spec = find_spec(name)
    if spec.members or spec.brought or spec.taught is not None:
        raise RefusedError(422, f"{name} cannot be taught; take {EYES}")
    if not is_here(spec):
        raise RefusedError(422, f"the network {name} is not on this machine; take {EYES}")
    return spec.name


def _counted(count: int) -> str:
    return {0: "no pictures", 1: "only 1 picture"}.get(count, f"only {count} pictures")
