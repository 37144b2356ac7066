"""The data folder: paths of the jobs' files, disk quota, removal of orphaned files.

::

    DATA/
    ├── studio.db          every job (SQLite)
    ├── reserve            disk space for the database when the disk is full
    ├── lock               held by the process that uses the folder
    ├── class.json         the pupils, in class mode
    ├── networks/          trained networks, NAME.safetensors
    ├── looks/ID/          looks that users have saved, see ``jobs.saved_looks``
    └── dreams/ID/
        ├── photo.jpg …    uploaded pictures; also mask.png, guide-1.jpg
        ├── start.jpg      a small starting picture, until the dream has started
        ├── before.jpg     the starting picture, for the page
        ├── thumbnail.jpg  the result, for the gallery
        ├── dream.png      the result, with its recipe; the last frame of a film
        ├── film.mp4       the film
        ├── report.html    the report of a training job
        └── things/N/      training pictures of a class
"""

import shutil
import stat
from pathlib import Path

from puppyslug.errors import OutputError
from puppyslug.files.locks import acquire, release
from puppyslug.studio.jobs.models import TRAINING, Status
from puppyslug.studio.jobs.store import JobStore

START_FILE, BEFORE_FILE, THUMBNAIL_FILE = "start.jpg", "before.jpg", "thumbnail.jpg"
RESULT_FILE, FILM_FILE = "dream.png", "film.mp4"
REPORT_FILE = "report.html"


class DataFolder:
    """The data folder of a studio; one process at a time may use it."""

    def __init__(self, path: Path) -> None:
        """Create the folder if it does not exist, and lock it.

        Raises:
            OutputError: it cannot be created, or another studio uses it.
        """
        self.path = path
        self.networks = path / "networks"
        self.looks = path / "looks"
        self._jobs = path / "dreams"
        try:
            self._jobs.mkdir(parents=True, exist_ok=True)
            self.networks.mkdir(exist_ok=True)
            locked = acquire(path / "lock")
        except OSError as error:
            raise OutputError(
                f"cannot use the folder {path}: {error.strerror}; choose another with --data"
            ) from error
        if not locked:
            raise OutputError(
                f"another studio is using {path}; stop it, or choose another folder with --data"
            )

    @property
    def database(self) -> Path:
        """Path of the job store."""
        return self.path / "studio.db"

    @property
    def roster(self) -> Path:
        """Path of the list of pupils, in class mode."""
        return self.path / "class.json"

    @property
    def reserve(self) -> Path:
        """Path of the file that reserves disk space."""
        return self.path / "reserve"

    @property
    def is_empty(self) -> bool:
        """Whether it holds no job files."""
        return not any(self._jobs.iterdir())

    def job_folder(self, job_id: str) -> Path:
        """Return the folder of a job, which may not exist."""
        return self._jobs / job_id

    def class_folder(self, job_id: str, number: int) -> Path:
        """Return the folder of a training class, which may not exist."""
        return class_folder(self.job_folder(job_id), number)

    def release(self) -> None:
        """Unlock the folder."""
        release(self.path / "lock")

    def delete_job(self, job_id: str) -> None:
        """Delete the files of a job."""
        shutil.rmtree(self.job_folder(job_id), ignore_errors=True)

    def size(self, job_id: str) -> int:
        """Return the disk space of a job's files, in bytes."""
        files = (entry for entry in self.job_folder(job_id).rglob("*") if is_own_file(entry))
        return sum(entry.stat().st_size for entry in files)

    def find_file(self, job_id: str, *names: str) -> Path | None:
        """Return a file of a job; None if it does not exist, or if a link leads to it.

        Args:
            job_id: id of the job.
            names: names of subfolders, and of the file.
        """
        path = self.job_folder(job_id)
        for name in names:
            if path.is_symlink():
                return None
            path /= name
        return path if is_own_file(path) else None

    def delete_orphans(self, job_ids: set[str]) -> None:
        """Delete all files that belong to none of these jobs."""
        for entry in list(self._jobs.iterdir()):
            if entry.name in job_ids:
                continue
            if entry.is_dir() and not entry.is_symlink():
                self.delete_job(entry.name)
            else:
                entry.unlink(missing_ok=True)


def is_own_file(path: Path) -> bool:
    """Return whether a path is a file itself, not a link, which may lead anywhere."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def class_folder(job_folder: Path, number: int) -> Path:
    """Return the folder of a training class in its job's folder."""
    return job_folder / "things" / str(number)


def enforce_quota(store: JobStore, folder: DataFolder, max_bytes: int) -> None:
    """Delete the oldest ended dreams until all dreams fit into the disk quota.

    Favourites are deleted last, and the latest ended dream is kept in any case. Training jobs do
    not count and are never deleted: their pictures may exist nowhere else.
    """
    total = store.total_bytes()
    if total <= max_bytes:
        return
    ended = store.with_status(*(status for status in Status if status.ended))
    dreams = [job for job in ended if job.kind != TRAINING]
    for dream in sorted(dreams[:-1], key=lambda dream: dream.favourite):
        if total <= max_bytes:
            break
        store.delete(dream.id, folder.delete_job)
        total -= dream.bytes
