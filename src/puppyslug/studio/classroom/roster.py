"""The pupils of a class: a number and a name for each browser that knew the pass phrase."""

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from puppyslug.errors import OutputError
from puppyslug.files.atomic import write_atomically
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.uploads import INVISIBLE

MAX_PUPILS = 500
MAX_NAME_LENGTH = 30  # characters


@dataclass(frozen=True)
class Pupil:
    """A pupil.

    Attributes:
        owner: id of the browser, a hash of its cookie, which the pupil's jobs keep.
        number: number of the pupil, counted from 1.
        name: the name that the pupil has typed, or else ``Pupil`` and the number.
    """

    owner: str
    number: int
    name: str


class Roster:
    """The pupils of a class, in a file, so that each has the same gallery tomorrow.

    All methods may be called from any thread.
    """

    def __init__(self, path: Path) -> None:
        """Read a roster, or start an empty one.

        Args:
            path: the file; it is written when a pupil joins.

        Raises:
            OutputError: the file is damaged.
        """
        self._path = path
        self._lock = threading.Lock()
        self._pupils: dict[str, Pupil] = {}
        if not path.exists():
            return
        try:
            pupils = [Pupil(**fields) for fields in json.loads(path.read_text("utf-8"))]
        except (ValueError, TypeError, OSError) as error:
            raise OutputError(
                f"{path} is damaged ({error}); delete it, and let the class join again"
            ) from error
        self._pupils = {pupil.owner: pupil for pupil in pupils}

    def find(self, owner: str) -> Pupil | None:
        """Return the pupil of a browser; None if it has not joined."""
        return self._pupils.get(owner)

    def list(self) -> list[Pupil]:
        """Return all pupils in the order in which they joined."""
        with self._lock:
            return list(self._pupils.values())

    def add(self, owner: str, name: str) -> Pupil:
        """Add a pupil.

        Args:
            owner: id of the pupil's browser.
            name: what the pupil is called; empty for a number.

        Raises:
            HTTPError: there are too many pupils.
        """
        name = INVISIBLE.sub("", " ".join(name.split()))[:MAX_NAME_LENGTH].strip()
        with self._lock:
            if len(self._pupils) >= MAX_PUPILS:
                raise HTTPError(
                    429, f"{MAX_PUPILS} pupils have joined already; the teacher can remove some"
                )
            number = 1 + max((one.number for one in self._pupils.values()), default=0)
            pupil = Pupil(owner, number, name or f"Pupil {number}")
            self._write({**self._pupils, owner: pupil})
        return pupil

    def remove(self, number: int) -> Pupil | None:
        """Remove a pupil, whose cookie is worth nothing from now on.

        Returns:
            The pupil; None if there is none of that number.
        """
        with self._lock:
            found = [one for one in self._pupils.values() if one.number == number]
            if not found:
                return None
            rest = {owner: one for owner, one in self._pupils.items() if one.number != number}
            self._write(rest)
        return found[0]

    def _write(self, pupils: dict[str, Pupil]) -> None:
        text = json.dumps([asdict(pupil) for pupil in pupils.values()], indent=1)
        write_atomically(self._path, text.encode())
        self._pupils = pupils
