"""The data folder: where dreams' files lie, how much they may take, and what is swept.

::

    DATA/
    ├── studio.db          every dream (SQLite)
    ├── lock               the process that has the folder
    ├── networks/          what was taught, NAME.safetensors
    └── dreams/ID/
        ├── photo.jpg …    what was uploaded, also mask.png, guide-1.jpg
        ├── before.jpg     the photo as it was dreamt of, for the page
        ├── thumbnail.jpg  for the gallery
        ├── dream.png      the result, with its recipe; of a film, its last frame
        ├── film.mp4       a film
        └── things/N/      pictures that a network is taught with; report.html says how it went
"""

import shutil
from pathlib import Path

from puppyslug.errors import OutputError
from puppyslug.files.locks import release, take
from puppyslug.studio.jobs.models import TEACHING, Status
from puppyslug.studio.jobs.store import Store

BEFORE, THUMBNAIL, RESULT, FILM = "before.jpg", "thumbnail.jpg", "dream.png", "film.mp4"
REPORT = "report.html"


class Folder:
    """A studio's data folder, which one process has at a time."""

    def __init__(self, path: Path) -> None:
        """Make the folder, or take it.

        Raises:
            OutputError: it cannot be made, or another studio has it.
        """
        self.path = path
        self.networks = path / "networks"
        self._dreams = path / "dreams"
        try:
            self._dreams.mkdir(parents=True, exist_ok=True)
            self.networks.mkdir(exist_ok=True)
            taken = take(path / "lock")
        except OSError as error:
            raise OutputError(f"the folder {path} cannot be used: {error.strerror}") from error
        if not taken:
            raise OutputError(f"another studio has {path}; stop it, or name another --data")

    @property
    def database(self) -> Path:
        """The store's file."""
        return self.path / "studio.db"

    @property
    def is_empty(self) -> bool:
        """Whether no dream has files in it."""
        return not any(self._dreams.iterdir())

    def of(self, identity: str) -> Path:
        """The folder of a dream, which need not be there."""
        return self._dreams / identity

    def release(self) -> None:
        """Let another process have the folder."""
        release(self.path / "lock")

    def remove(self, identity: str) -> None:
        """Delete a dream's files."""
        shutil.rmtree(self.of(identity), ignore_errors=True)

    def size(self, identity: str) -> int:
        """Bytes that a dream's files take."""
        files = (entry for entry in self.of(identity).rglob("*") if entry.is_file())
        return sum(entry.stat().st_size for entry in files)

    def sweep(self, known: set[str]) -> None:
        """Delete what belongs to no dream."""
        for entry in list(self._dreams.iterdir()):
            if entry.name in known:
                continue
            if entry.is_dir():
                self.remove(entry.name)
            else:
                entry.unlink(missing_ok=True)


def keep_within(store: Store, folder: Folder, most: int) -> None:
    """Delete the oldest dreams that have ended, but for the last, until all take no more than this.

    Lessons stay: their pictures are somebody's own, and may be nowhere else.

    Args:
        store: knows them.
        folder: has them.
        most: bytes.
    """
    total = store.total_bytes()
    if total <= most:
        return
    ended = store.with_status(*(status for status in Status if status.ended))
    ended = [dream for dream in ended if dream.kind != TEACHING]
    for dream in ended[:-1]:
        if total <= most:
            break
        store.remove(dream.id)
        folder.remove(dream.id)
        total -= dream.bytes
