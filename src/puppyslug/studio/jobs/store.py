"""The job store: every job of a studio in SQLite. Only the server process opens the file."""

import json
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from puppyslug.studio.jobs.database import open_database
from puppyslug.studio.jobs.disk_reserve import DiskReserve
from puppyslug.studio.jobs.dream_filter import (
    IS_OWNERS,
    IS_TRAINING,
    IS_TRIAL,
    OWNER,
    TAGS,
    DreamFilter,
)
from puppyslug.studio.jobs.models import Job, Status
from puppyslug.studio.jobs.queue_ranks import arrange
from puppyslug.studio.jobs.turns import order_queue

_Result = TypeVar("_Result")


class JobStore:
    """Jobs by id, in the order of submission. All methods may be called from any thread."""

    def __init__(self, path: Path, reserve: DiskReserve | None = None) -> None:
        """Open the database, or create it.

        Args:
            path: the file.
            reserve: disk space that is freed where a job is deleted or has ended, and the disk is
                full; None for none.

        Raises:
            OutputError: the file is damaged, cannot be written, or has a newer schema version.
        """
        self._lock = threading.RLock()
        self._reserve = reserve
        self.version = 0  # increases with every change of a job
        self._turns = 0
        self._latest_turn: dict[str, int] = {}  # by owner
        self._changes = Counter[str]()  # by owner
        self._queued: tuple[Job, ...] = ()
        self._queue_version = -1
        self._database = open_database(path, reserve)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def add(self, job: Job, *, max_queued: int) -> bool:
        """Add a new job.

        Args:
            job: the job.
            max_queued: maximum number of queued jobs; the job is not added beyond it.

        Returns:
            Whether the job was added; False if the queue is full.
        """
        with self._transaction() as database:
            if self._count(Status.QUEUED) >= max_queued:
                return False
            database.execute(
                "INSERT INTO dreams (id, status, words, bytes, document) VALUES (?, ?, ?, ?, ?)",
                (job.id, *_columns(job)),
            )
            self._changes[job.owner] += 1
        return True

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None if there is no job of that id."""
        rows = self._select("WHERE id = ?", job_id)
        return rows[0] if rows else None

    def save(self, job: Job) -> None:
        """Overwrite a stored job."""
        with self._transaction() as database:
            database.execute(
                "UPDATE dreams SET status = ?, words = ?, bytes = ?, document = ? WHERE id = ?",
                (*_columns(job), job.id),
            )
            self._changes[job.owner] += 1

    def update(
        self, job_id: str, *, if_status: Collection[Status] = tuple(Status), **fields: Any
    ) -> Job | None:
        """Update fields of a job.

        Args:
            job_id: id of the job.
            if_status: update only a job with one of these statuses.
            fields: the new values.

        Returns:
            The updated job; None if it does not exist or has another status.
        """
        with self._transaction():
            job = self.get(job_id)
            if job is None or job.status not in if_status:
                return None
            job = job.model_copy(update=fields)
            self.save(job)
        return job

    def update_on_full_disk(self, job_id: str, **fields: Any) -> Job | None:
        """Update a job as ``update`` does, on a full disk too, if the reserve is large enough."""
        return self._use_reserve(lambda: self.update(job_id, **fields))

    def start_next(self) -> Job | None:
        """Mark the next queued job as running and return it; None if the queue is empty.

        The owners of jobs take turns, and pictures precede films and training.
        """
        with self._transaction():
            queue = self.queue()
            if not queue:
                return None
            job = queue[0]
            self._turns += 1
            self._latest_turn[job.owner] = self._turns
            return self.update(
                job.id, status=Status.RUNNING, started=time.time(), attempts=job.attempts + 1
            )

    def queue(self) -> tuple[Job, ...]:
        """Return the queued jobs in the order in which they will start."""
        with self._lock:
            if self._queue_version != self.version:
                queued = self._select("WHERE status = ? ORDER BY number", Status.QUEUED)
                self._queued = tuple(order_queue(arrange(queued), self._latest_turn))
                self._queue_version = self.version
            return self._queued

    def rearrange(self, select: Callable[[Sequence[Job]], list[Job]]) -> None:
        """Rank the jobs that a function of the queue returns, in its order."""
        with self._transaction():
            for rank, job in enumerate(select(self.queue())):
                self.update(job.id, rank=rank)

    def delete(self, job_id: str, delete_files: Callable[[str], None] = lambda _: None) -> bool:
        """Delete a job unless a worker is processing it; on a full disk too.

        Args:
            job_id: id of the job.
            delete_files: deletes its files. They are deleted after the job, or before it if there
                is no space to delete the job first.

        Returns:
            Whether it was deleted.
        """
        try:
            deleted = self._use_reserve(lambda: self._delete(job_id))
        except sqlite3.OperationalError:
            job = self.get(job_id)
            if job is None or job.status.active:
                return False
            delete_files(job_id)
            deleted = self._delete(job_id)
        if deleted:
            delete_files(job_id)
        if self._reserve is not None:
            self._reserve.fill()
        return deleted

    def _delete(self, job_id: str) -> bool:
        active = [status for status in Status if status.active]
        with self._transaction() as database:
            job = self.get(job_id)
            deleted = database.execute(
                f"DELETE FROM dreams WHERE id = ? AND status NOT IN ({_placeholders(active)})",
                (job_id, *active),
            )
            if job is not None:
                self._changes[job.owner] += 1
        return deleted.rowcount > 0

    def _use_reserve(self, write: Callable[[], _Result]) -> _Result:
        """Write to the database; if the disk is full, free the reserve and write again."""
        try:
            return write()
        except sqlite3.OperationalError:
            if self._reserve is None or not self._reserve.free():
                raise
            return write()

    def list_dreams(
        self,
        limit: int,
        *,
        before: str | None = None,
        words: str = "",
        tags: Collection[str] = (),
        favourites: bool = False,
        owner: str | None = None,
    ) -> list[Job]:
        """Return dreams, newest first.

        Args:
            limit: maximum number of dreams.
            before: id of a dream; return only older ones.
            words: see ``DreamFilter``, as for the others.
            tags: tags.
            favourites: whether to return favourites only.
            owner: id of the browser that has submitted them; None for any.
        """
        conditions, values = DreamFilter(words, tags, favourites, owner).conditions()
        if before is not None:
            conditions.append("number < (SELECT number FROM dreams WHERE id = ?)")
            values.append(before)
        where = " AND ".join(conditions)
        return self._select(f"WHERE {where} ORDER BY number DESC LIMIT ?", *values, limit)

    def count_tags(self, owner: str | None = None) -> dict[str, int]:
        """Return every tag with the number of dreams that have it.

        Args:
            owner: count only the dreams of this browser; None for all.
        """
        query = f"SELECT value, count(*) FROM dreams, {TAGS}"
        values = []
        if owner is not None:
            query += f" WHERE {IS_OWNERS}"
            values.append(owner)
        with self._lock:
            return dict(self._database.execute(f"{query} GROUP BY value", values).fetchall())

    def latest_done(self, limit: int) -> list[Job]:
        """Return the dreams that were submitted last, of those that are done."""
        where = f"WHERE status = ? AND NOT {IS_TRAINING}"
        return self._select(f"{where} ORDER BY number DESC LIMIT ?", Status.DONE, limit)

    def old_trials(self, kept: int) -> list[str]:
        """Return the ids of all ended trials but the latest ones."""
        ended = [status for status in Status if status.ended]
        where = f"WHERE {IS_TRIAL} AND status IN ({_placeholders(ended)})"
        return [job.id for job in self._select(f"{where} ORDER BY number DESC", *ended)[kept:]]

    def list_training_jobs(self) -> list[Job]:
        """Return all training jobs, newest first."""
        return self._select(f"WHERE {IS_TRAINING} ORDER BY number DESC")

    def with_status(self, *statuses: Status) -> list[Job]:
        """Return all jobs of these statuses, oldest first."""
        where = f"WHERE status IN ({_placeholders(statuses)})"
        return self._select(f"{where} ORDER BY number", *statuses)

    def position(self, job_id: str) -> int | None:
        """Return the position of a job in the queue, from 1; None if it is not queued."""
        ids = self.queued_ids()
        return ids.index(job_id) + 1 if job_id in ids else None

    def queued_ids(self) -> tuple[str, ...]:
        """Return the ids of the queued jobs in the order in which they will start."""
        return tuple(job.id for job in self.queue())

    def has_queued_pictures(self) -> bool:
        """Return whether a picture is queued, for which longer jobs wait."""
        return any(job.kind == "picture" for job in self.queue())

    def count_queued(self) -> int:
        """Return the number of queued jobs."""
        with self._lock:
            return self._count(Status.QUEUED)

    def ids(self) -> set[str]:
        """Return the ids of all jobs."""
        with self._lock:
            return {row[0] for row in self._database.execute("SELECT id FROM dreams")}

    def total_bytes(self, *, training: bool = False, owner: str | None = None) -> int:
        """Return the disk space of the files of all dreams, of an owner's, or of training jobs."""
        kind = IS_TRAINING if training else f"NOT {IS_TRAINING}"
        owned, values = ("", ()) if owner is None else (f" AND {IS_OWNERS}", (owner,))
        with self._lock:
            query = f"SELECT sum(bytes) FROM dreams WHERE {kind}{owned}"
            (total,) = self._database.execute(query, values).fetchone()
        return total or 0

    def count_by_owner(self) -> dict[str, Counter[str]]:
        """Return the number of dreams of each owner, without trials, by status."""
        query = (
            f"SELECT {OWNER}, status, count(*) FROM dreams "
            f"WHERE NOT {IS_TRAINING} AND NOT {IS_TRIAL} GROUP BY 1, 2"
        )
        counts = defaultdict[str, Counter[str]](Counter)
        with self._lock:
            for owner, status, count in self._database.execute(query):
                counts[owner][status] = count
        return counts

    def owner_version(self, owner: str) -> int:
        """Return a number that increases with every change of a job of an owner."""
        return self._changes[owner]

    def _count(self, status: Status) -> int:
        query = "SELECT count(*) FROM dreams WHERE status = ?"
        return int(self._database.execute(query, (status,)).fetchone()[0])

    def _select(self, clauses: str, *values: object) -> list[Job]:
        with self._lock:
            rows = self._database.execute(
                f"SELECT document FROM dreams {clauses}",
                values,
            ).fetchall()
        return [Job.model_validate_json(document) for (document,) in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._database.in_transaction:  # nested: part of the outer transaction
                yield self._database
                return
            changes = self._database.total_changes
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
                self.version += self._database.total_changes > changes
            except BaseException:
                if self._database.in_transaction:  # SQLite itself rolls back on a full disk
                    self._database.execute("ROLLBACK")
                raise


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _columns(job: Job) -> tuple[str, str, int, str]:
    names = [str(job.recipe.get(field)) for field in ("objective", "network", "preset")]
    words = " ".join([job.title, job.kind, *names, *job.tags]).lower()
    return job.status, words, job.bytes, json.dumps(job.model_dump(mode="json"))
