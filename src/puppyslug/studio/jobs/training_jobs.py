"""Training jobs: drafts are edited, then submitted to the queue."""

import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from puppyslug.errors import plural
from puppyslug.labels import NONE_CLASS
from puppyslug.networks import find_spec
from puppyslug.networks.finetuned import FINETUNED_SUFFIX, MAX_NEW_CLASSES
from puppyslug.networks.weights.location import is_available
from puppyslug.recipe.defaults import CLASSIFIER
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import DataFolder
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks, network_file_name
from puppyslug.studio.jobs.models import (
    TRAINING,
    Job,
    JobProgress,
    Status,
    StoredFile,
    TrainingClass,
    TrainingClassView,
    TrainingConfig,
    TrainingJobView,
)
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.training_classes import (
    delete_picture,
    find_class,
    find_duplicate,
    find_picture,
    validate_name,
    write_picture,
)
from puppyslug.studio.jobs.uploads import Upload
from puppyslug.studio.limits import Limits
from puppyslug.training.class_names import MIN_IMAGES

_EDITABLE = tuple(status for status in Status if not status.active and status != Status.QUEUED)


@dataclass
class _Edit:
    """A change of a job.

    Attributes:
        config: the configuration to change.
        added_bytes: how much more disk space its pictures take.
        undo: removes the files that were written, in case the change cannot be stored.
    """

    config: TrainingConfig
    added_bytes: int = 0
    undo: Callable[[], None] = lambda: None


class TrainingJobs:
    """Creates, edits and submits training jobs."""

    def __init__(
        self, store: JobStore, folder: DataFolder, limits: Limits, networks: FinetunedNetworks
    ) -> None:
        """Manage the training jobs of a job store."""
        self._store, self._folder, self._limits = store, folder, limits
        self._networks = networks
        self._lock = threading.Lock()  # guards read-modify-write of a job

    def create(self, owner: str = "") -> Job:
        """Create an empty draft of a browser, or of a script."""
        job_id = secrets.token_urlsafe(12)
        self._folder.job_folder(job_id).mkdir()
        job = Job(
            id=job_id,
            kind=TRAINING,
            status=Status.DRAFT,
            recipe={},
            lesson=TrainingConfig(base=CLASSIFIER),
            owner=owner,
            created=time.time(),
        )
        self._store.add(job, max_queued=sys.maxsize)
        return job

    def configure(self, job_id: str, fields: dict[str, Any]) -> None:
        """Change the name of the network, its base or the seed.

        Args:
            job_id: id of the job.
            fields: any of ``name``, ``base`` and ``seed``.

        Raises:
            HTTPError: an invalid name or base, or the job cannot be edited now.
            NetworkError: the base does not exist.
        """
        with self._edit(job_id) as edit:
            config = edit.config
            if "name" in fields:
                config.file = network_file_name(str(fields["name"]))
            if "base" in fields:
                config.base = _validate_base(str(fields["base"]))
            config.seed = int(fields.get("seed", config.seed))

    def add_class(self, job_id: str, name: str = "") -> TrainingClass:
        """Add a class.

        Raises:
            HTTPError: an invalid or duplicate name, or too many classes.
        """
        with self._edit(job_id) as edit:
            config = edit.config
            if len(config.things) > MAX_NEW_CLASSES:
                raise HTTPError(422, f"a network can learn at most {MAX_NEW_CLASSES} classes")
            number = 1 + max((one.number for one in config.things), default=0)
            added = TrainingClass(number=number, name=validate_name(config, name, None))
            config.things.append(added)
        return added

    def rename_class(self, job_id: str, number: int, name: str) -> None:
        """Rename a class.

        Raises:
            HTTPError: the class does not exist, or the name is invalid or a duplicate.
        """
        with self._edit(job_id) as edit:
            config = edit.config
            training_class = find_class(config, number)
            training_class.name = validate_name(config, name, training_class)

    def delete_class(self, job_id: str, number: int) -> None:
        """Delete a class and its pictures.

        Raises:
            HTTPError: the class does not exist.
        """
        with self._edit(job_id) as edit:
            config = edit.config
            training_class = find_class(config, number)
            config.things.remove(training_class)
            edit.added_bytes -= self._size(job_id, training_class, *training_class.pictures)
        for picture in training_class.pictures:
            delete_picture(self._folder.class_folder(job_id, number), picture)

    def add_picture(self, job_id: str, number: int, upload: Upload) -> StoredFile:
        """Add a picture to a class; a duplicate within the class is stored once.

        Args:
            job_id: id of the job.
            number: number of the class.
            upload: the uploaded file.

        Raises:
            HTTPError: the class does not exist, a limit is exceeded, or another class has the
                picture.
        """
        folder = self._folder.class_folder(job_id, number)
        with self._edit(job_id) as edit:
            training_class = find_class(edit.config, number)
            duplicate = find_duplicate(edit.config, training_class, upload)
            if duplicate is not None:
                return duplicate
            self._check_limits(edit.config, len(upload.data))
            stored = write_picture(folder, upload)
            edit.undo = partial(delete_picture, folder, stored)
            edit.added_bytes += len(upload.data)
            training_class.pictures.append(stored)
        return stored

    def delete_picture(self, job_id: str, number: int, file: str) -> None:
        """Delete a picture of a class.

        Raises:
            HTTPError: the picture does not exist.
        """
        with self._edit(job_id) as edit:
            config = edit.config
            picture = find_picture(config, number, file)
            training_class = find_class(config, number)
            training_class.pictures.remove(picture)
            edit.added_bytes -= self._size(job_id, training_class, picture)
        delete_picture(self._folder.class_folder(job_id, number), picture)

    def submit(self, job_id: str) -> None:
        """Queue a job.

        Raises:
            HTTPError: something is missing, the network's name is in use, or the job is queued or
                running already.
        """
        with self._lock:
            job, config = self._find(job_id)
            self._check_complete(config)
            self._check_network_name(job, config)
            fields = {"status": Status.QUEUED, "attempts": 0, "error": "", "ended": None,
                      "notices": []}  # fmt: skip
            if self._store.update(job_id, if_status=_EDITABLE, **fields) is None:
                raise HTTPError(409, f"that training job is already {job.status}")

    def view(
        self, job: Job, *, progress: JobProgress | None, position: int | None
    ) -> TrainingJobView:
        """Return a job as the API shows it.

        Args:
            job: the stored job.
            progress: its current progress, or None.
            position: its position in the queue, or None.
        """
        config, result = job.lesson, job.outcome
        assert config is not None
        shared = ("id", "status", "created", "started", "ended", "bytes", "error", "notices")
        return TrainingJobView(
            **{name: getattr(job, name) for name in shared},
            name=config.file.removesuffix(FINETUNED_SUFFIX),
            base=config.base,
            seed=config.seed,
            things=[
                TrainingClassView(number=one.number, name=one.name, count=len(one.pictures))
                for one in config.things
            ],
            outcome=result,
            here=result is not None and self._networks.find(result.file) is not None,
            progress=progress,
            position=position,
        )

    def _find(self, job_id: str) -> tuple[Job, TrainingConfig]:
        job = self._store.get(job_id)
        if job is None or job.lesson is None:
            raise HTTPError(404, "that training job does not exist; it may have been deleted")
        return job, job.lesson

    @contextmanager
    def _edit(self, job_id: str) -> Iterator[_Edit]:
        """Yield a job's configuration to change, then store it; on an error nothing is stored."""
        with self._lock:
            job, config = self._find(job_id)
            if job.status not in _EDITABLE:
                raise HTTPError(409, f"that training job is {job.status}; cancel it to change it")
            edit = _Edit(config)
            try:
                yield edit
                updated = self._store.update(
                    job_id,
                    if_status=_EDITABLE,
                    lesson=config,
                    title=config.file.removesuffix(FINETUNED_SUFFIX),
                    bytes=max(0, job.bytes + edit.added_bytes),
                )
            except BaseException:
                edit.undo()
                raise
            if updated is None:
                edit.undo()
                raise HTTPError(
                    409, "that training job has started or was deleted; reload the page"
                )

    def _size(self, job_id: str, one: TrainingClass, *pictures: StoredFile) -> int:
        folder = self._folder.class_folder(job_id, one.number)
        paths = (folder / picture.file for picture in pictures)
        return sum(path.stat().st_size for path in paths if path.is_file())

    def _check_complete(self, config: TrainingConfig) -> None:
        """Report what would fail in the worker now, while the user can still correct it."""
        if not config.file:
            raise HTTPError(422, "the network has no name; choose one, such as my pets")
        if all(one.name == NONE_CLASS for one in config.things):
            raise HTTPError(422, "there is no class to train; add one, and upload pictures of it")
        for place, one in enumerate(config.things, 1):
            if not one.name:
                raise HTTPError(422, f"class {place} has no name; choose one, such as my dog")
            if one.name != NONE_CLASS and len(one.pictures) < MIN_IMAGES:
                raise HTTPError(
                    422,
                    f"the class {one.name} has {_count_pictures(len(one.pictures))}; add at least "
                    f"{MIN_IMAGES}, better 10 or more",
                )

    def _check_network_name(self, job: Job, config: TrainingConfig) -> None:
        """Check that no other network, trained or queued, has the same name."""
        replaces_own = job.outcome is not None and job.outcome.file == config.file
        conflict = self._networks.find_conflict(config.file)
        pending = (
            other
            for other in self._store.with_status(Status.QUEUED, Status.RUNNING, Status.PAUSED)
            if other.lesson and other.lesson.file.casefold() == config.file.casefold()
        )
        if (conflict is not None and not replaces_own) or any(one.id != job.id for one in pending):
            name = (conflict or config.file).removesuffix(FINETUNED_SUFFIX)
            raise HTTPError(
                409,
                f"the network {name} already exists; choose another name, or delete that network "
                "first",
            )

    def _check_limits(self, config: TrainingConfig, added_bytes: int) -> None:
        if sum(len(one.pictures) for one in config.things) >= self._limits.pictures:
            raise HTTPError(
                422,
                f"a training job can have at most {self._limits.pictures} pictures; delete some "
                "first",
            )
        if self._store.total_bytes(training=True) + added_bytes > self._limits.lessons:
            quota = self._limits.lessons / 1e9
            raise HTTPError(
                413,
                f"the training pictures of this studio exceed {quota:g} GB; delete some first",
            )


def _validate_base(name: str) -> str:
    spec = find_spec(name)
    if spec.members or spec.is_external or spec.finetuned is not None:
        raise HTTPError(422, f"the network {name} cannot be finetuned; use {CLASSIFIER}")
    if not is_available(spec):
        raise HTTPError(
            422, f"the weights of the network {name} are not on this machine; use {CLASSIFIER}"
        )
    return spec.name


def _count_pictures(count: int) -> str:
    return f"only {plural(count, 'picture')}" if count else "no pictures"
