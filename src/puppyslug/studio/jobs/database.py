"""The database of a studio's jobs, one SQLite file."""

import sqlite3
from pathlib import Path

from puppyslug.errors import OutputError
from puppyslug.studio.jobs.disk_reserve import DiskReserve

_SCHEMA = """
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
SCHEMA_VERSION = 2  # version 1 has the same table, but no training jobs in it


def open_database(path: Path, reserve: DiskReserve | None = None) -> sqlite3.Connection:
    """Open the database, or create it.

    Args:
        path: the file.
        reserve: disk space that is freed if the disk is full; None for none.

    Raises:
        OutputError: the file is damaged, cannot be written, or has a newer schema version.
    """
    try:
        try:
            return _open(path)
        except sqlite3.OperationalError:
            if reserve is None or not reserve.free():  # the disk is full
                raise
            return _open(path)
    except sqlite3.DatabaseError as error:
        raise OutputError(
            f"{path} is damaged or cannot be written ({error}); restore it from a backup, or "
            "choose another folder with --data"
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise OutputError(
            f"{path} has schema version {version}, but this puppyslug supports versions up "
            f"to {SCHEMA_VERSION}; update puppyslug"
        )
    database.executescript(_SCHEMA)
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return database
