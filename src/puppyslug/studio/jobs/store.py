"""The store: every dream of a studio, in SQLite. Only the server's process opens it."""

import json
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from puppyslug.errors import OutputError
from puppyslug.studio.jobs.models import Dream, Status

_TABLE = """
CREATE TABLE IF NOT EXISTS dreams (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE NOT NULL,
    status TEXT NOT NULL,
    words TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_status ON dreams (status, number);
"""
VERSION = 2  # of the table; since 2 lessons are in it, too
_LESSON = "json_extract(document, '$.kind') = 'teach'"


class Store:
    """Dreams by id, in the order in which they were asked for."""

    def __init__(self, path: Path) -> None:
        """Open the store, or begin one.

        Raises:
            OutputError: the file is damaged, or from a newer puppyslug.
        """
        self._lock = threading.RLock()
        try:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise OutputError(f"{path} was written by a newer puppyslug; update this one")
            self._database.executescript(_TABLE)
            self._database.execute(f"PRAGMA user_version = {VERSION}")
        except sqlite3.DatabaseError as error:
            raise OutputError(f"{path} is damaged or cannot be written ({error})") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def add(self, dream: Dream, *, room: int) -> int | None:
        """Queue a dream.

        Args:
            dream: a new one.
            room: how many may wait.

        Returns:
            None; or where there is no room, how many wait, and nothing is queued.
        """
        with self._transaction() as database:
            waiting = self._count(Status.QUEUED)
            if waiting >= room:
                return waiting
            database.execute(
                "INSERT INTO dreams (id, status, words, bytes, document) VALUES (?, ?, ?, ?, ?)",
                (dream.id, *_columns(dream)),
            )
        return None

    def get(self, identity: str) -> Dream | None:
        """A dream, or None where there is none of that id."""
        rows = self._rows("WHERE id = ?", identity)
        return rows[0] if rows else None

    def save(self, dream: Dream) -> None:
        """Write a dream that is there already."""
        with self._transaction() as database:
            database.execute(
                "UPDATE dreams SET status = ?, words = ?, bytes = ?, document = ? WHERE id = ?",
                (*_columns(dream), dream.id),
            )

    def change(
        self, identity: str, *, only: Collection[Status] = tuple(Status), **fields: Any
    ) -> Dream | None:
        """Change fields of a dream.

        Args:
            identity: of the dream.
            only: statuses that it must have.
            fields: their new values.

        Returns:
            The dream; None where it is gone, or has another status.
        """
        with self._transaction():
            dream = self.get(identity)
            if dream is None or dream.status not in only:
                return None
            dream = dream.model_copy(update=fields)
            self.save(dream)
        return dream

    def take(self) -> Dream | None:
        """Hand out the dream that has waited longest, as running from now on."""
        with self._transaction():
            waiting = self._rows("WHERE status = ? ORDER BY number LIMIT 1", Status.QUEUED)
            if not waiting:
                return None
            (dream,) = waiting
            return self.change(
                dream.id, status=Status.RUNNING, started=time.time(), attempts=dream.attempts + 1
            )

    def remove(self, identity: str) -> bool:
        """Forget a dream, unless a worker has it; whether it is forgotten."""
        active = [status for status in Status if status.active]
        with self._transaction() as database:
            removed = database.execute(
                f"DELETE FROM dreams WHERE id = ? AND status NOT IN ({_marks(active)})",
                (identity, *active),
            )
        return removed.rowcount > 0

    def latest(self, count: int, *, before: str | None = None, words: str = "") -> list[Dream]:
        """Dreams, newest first.

        Args:
            count: how many at most.
            before: only older ones than the dream of this id.
            words: only those with each of these words in title or recipe, in any case.
        """
        conditions, values = [f"NOT {_LESSON}"], []
        for word in words.lower().split():
            conditions.append("instr(words, ?)")
            values.append(word)
        if before is not None:
            conditions.append("number < (SELECT number FROM dreams WHERE id = ?)")
            values.append(before)
        where = " AND ".join(conditions)
        return self._rows(f"WHERE {where} ORDER BY number DESC LIMIT ?", *values, count)

    def lessons(self) -> list[Dream]:
        """Lessons, newest first."""
        return self._rows(f"WHERE {_LESSON} ORDER BY number DESC")

    def with_status(self, *statuses: Status) -> list[Dream]:
        """Dreams of these statuses, oldest first."""
        return self._rows(f"WHERE status IN ({_marks(statuses)}) ORDER BY number", *statuses)

    def position(self, identity: str) -> int | None:
        """Place in the queue, counted from 1; None for a dream that does not wait."""
        with self._lock:
            (place,) = self._database.execute(
                "SELECT (SELECT count(*) FROM dreams AS other WHERE other.status = ? AND "
                "other.number <= dreams.number) FROM dreams WHERE id = ? AND status = ?",
                (Status.QUEUED, identity, Status.QUEUED),
            ).fetchone() or (None,)
        return place

    def waiting(self) -> int:
        """How many dreams wait."""
        with self._lock:
            return self._count(Status.QUEUED)

    def ids(self) -> set[str]:
        """The ids of all dreams."""
        with self._lock:
            return {row[0] for row in self._database.execute("SELECT id FROM dreams")}

    def total_bytes(self, *, lessons: bool = False) -> int:
        """What the files of all dreams take; or those of all lessons."""
        kind = _LESSON if lessons else f"NOT {_LESSON}"
        with self._lock:
            query = f"SELECT sum(bytes) FROM dreams WHERE {kind}"
            (total,) = self._database.execute(query).fetchone()
        return total or 0

    def _count(self, status: Status) -> int:
        query = "SELECT count(*) FROM dreams WHERE status = ?"
        return int(self._database.execute(query, (status,)).fetchone()[0])

    def _rows(self, clauses: str, *values: object) -> list[Dream]:
        with self._lock:
            rows = self._database.execute(
                f"SELECT document FROM dreams {clauses}",
                values,
            ).fetchall()
        return [Dream.model_validate_json(document) for (document,) in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._database.in_transaction:  # part of a larger one
                yield self._database
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk has ended it already
                    self._database.execute("ROLLBACK")
                raise


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _columns(dream: Dream) -> tuple[str, str, int, str]:
    names = [str(dream.recipe.get(field)) for field in ("objective", "network", "preset")]
    words = " ".join([dream.title, dream.kind, *names]).lower()
    return dream.status, words, dream.bytes, json.dumps(dream.model_dump(mode="json"))
