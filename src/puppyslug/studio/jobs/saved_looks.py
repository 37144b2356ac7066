"""Looks that users have saved: the settings of a dream under a name, as files.

::

    DATA/looks/ID/
    ├── look.json       name, settings, guide pictures
    ├── thumbnail.jpg   the dream that it was saved from
    └── guide-1.jpg …   guide pictures of the settings
"""

import re
import secrets
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from puppyslug.files.atomic import write_atomically
from puppyslug.recipe import portable_settings
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import THUMBNAIL_FILE, DataFolder, is_own_file
from puppyslug.studio.jobs.models import Job, StoredFile
from puppyslug.studio.jobs.uploads import INVISIBLE

MAX_LOOKS = 100  # of one browser
MAX_NAME = 40  # characters
_LOOK_FILE = "look.json"
_ID = re.compile(r"[\w-]{8,40}", re.ASCII)
# of one picture, one run or one film, or read from files of the machine's owner
_EXCLUDED = frozenset(
    ("recipe_version", "guides", "size", "seed", "weights", "labels", "memory", "precision",
     "metadata", "zoom", "rotate", "pan_x", "pan_y")
)  # fmt: skip
MISSING_LOOK = "that look does not exist; it may have been deleted"


class SavedLook(BaseModel):
    """A look that a user has saved.

    Attributes:
        id: unguessable identifier.
        name: the user's name for it.
        settings: recipe fields that apply to any picture.
        guides: guide pictures in the folder of the look.
        called: what the user calls the class that the settings amplify; see ``Job.called``.
        created: Unix time in seconds.
        owner: id of the browser that saved it; empty for a script.
    """

    id: str
    name: str
    settings: dict[str, Any]
    guides: list[StoredFile] = Field(default_factory=list)
    called: str = ""
    created: float
    owner: str = ""


class SavedLooks:
    """The saved looks of a studio."""

    _lock = threading.Lock()  # of names, which are unique

    def __init__(self, folder: DataFolder) -> None:
        """Use the looks in a data folder, which may be none."""
        self._jobs = folder
        self._folder = folder.looks

    def list_all(self) -> list[SavedLook]:
        """Return all looks, oldest first; damaged files are ignored."""
        if not self._folder.is_dir():
            return []
        looks = [look for path in self._folder.iterdir() if (look := _read(path)) is not None]
        return sorted(looks, key=lambda look: look.created)

    def find(self, look_id: str) -> SavedLook:
        """Return a look.

        Raises:
            HTTPError: it does not exist.
        """
        look = _read(self._folder / look_id) if _ID.fullmatch(look_id) else None
        if look is None:
            raise HTTPError(404, MISSING_LOOK)
        return look

    def find_file(self, look: SavedLook, file: str) -> Path:
        """Return the path of a picture of a look.

        Raises:
            HTTPError: the file is missing.
        """
        path = self._folder / look.id / file
        if not is_own_file(path):
            raise HTTPError(404, f"the file {file} of that look is missing; save the look again")
        return path

    def save(self, dream: Job, name: str, owner: str) -> SavedLook:
        """Save the look of a dream that is done.

        Args:
            dream: the dream, whose thumbnail becomes that of the look.
            name: the user's name for it.
            owner: id of the browser that saves it.

        Raises:
            HTTPError: the dream has no result, the name is invalid or taken, or there are too many.
        """
        thumbnail = self._jobs.find_file(dream.id, THUMBNAIL_FILE)
        if thumbnail is None:
            raise HTTPError(409, "that dream has no result yet; wait until it is done")
        with self._lock:
            own = [look for look in self.list_all() if look.owner == owner]
            if len(own) >= MAX_LOOKS:
                raise HTTPError(409, f"you have {MAX_LOOKS} looks already; delete one of them")
            look = SavedLook(
                id=secrets.token_urlsafe(12),
                name=_check_name(name, own),
                settings=_look_settings(dream),
                guides=dream.guides,
                called=dream.called,
                created=time.time(),
                owner=owner,
            )
            folder = self._folder / look.id
            folder.mkdir(parents=True)
            try:
                (folder / THUMBNAIL_FILE).write_bytes(thumbnail.read_bytes())
                for guide in dream.guides:
                    source = self._find_guide(dream, guide)
                    (folder / guide.file).write_bytes(source.read_bytes())
                self._write(look)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return look

    def rename(self, look: SavedLook, name: str) -> SavedLook:
        """Rename a look.

        Raises:
            HTTPError: the name is invalid, or another look of the same browser has it.
        """
        with self._lock:
            others = [one for one in self.list_all() if one.owner == look.owner]
            others = [one for one in others if one.id != look.id]
            renamed = look.model_copy(update={"name": _check_name(name, others)})
            self._write(renamed)
        return renamed

    def delete(self, look: SavedLook) -> None:
        """Delete a look and its files."""
        shutil.rmtree(self._folder / look.id, ignore_errors=True)

    def _find_guide(self, dream: Job, guide: StoredFile) -> Path:
        path = self._jobs.find_file(dream.id, guide.file)
        if path is None:
            raise HTTPError(409, f"the guide picture {guide.name} of that dream is missing")
        return path

    def _write(self, look: SavedLook) -> None:
        text = look.model_dump_json(indent=1)
        write_atomically(self._folder / look.id / _LOOK_FILE, text.encode())


def _read(folder: Path) -> SavedLook | None:
    """Read a look; None if its file is missing, damaged, or another folder's."""
    path = folder / _LOOK_FILE
    if folder.is_symlink() or not is_own_file(path):
        return None
    try:
        look = SavedLook.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return look if look.id == folder.name else None


def _look_settings(dream: Job) -> dict[str, Any]:
    settings = portable_settings(dream.recipe)
    return {name: value for name, value in settings.items() if name not in _EXCLUDED}


def _check_name(name: str, others: list[SavedLook]) -> str:
    name = INVISIBLE.sub("", " ".join(name.split()))
    if not 1 <= len(name) <= MAX_NAME:
        raise HTTPError(422, f"the name of a look has 1 to {MAX_NAME} characters; change it")
    if name.casefold() in {look.name.casefold() for look in others}:
        raise HTTPError(409, f"you have a look called {name} already; choose another name")
    return name
