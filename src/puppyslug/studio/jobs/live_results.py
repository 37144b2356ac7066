"""What a live dream leaves in the gallery: snapshots and recordings."""

import io
import secrets
import time
from pathlib import Path
from typing import Any

from PIL import Image

from puppyslug.images.attribution import NO_ATTRIBUTION
from puppyslug.images.metadata import metadata_save_options
from puppyslug.recipe import Recipe
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import (
    BEFORE_FILE,
    FILM_FILE,
    RESULT_FILE,
    THUMBNAIL_FILE,
    DataFolder,
    enforce_quota,
)
from puppyslug.studio.jobs.models import Job, Status
from puppyslug.studio.jobs.shares import check_new_dream
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.uploads import Upload
from puppyslug.studio.limits import Limits
from puppyslug.studio.visitors import Visitor
from puppyslug.studio.workers.live_protocol import Recorded

THUMBNAIL_SIDE = 400  # pixels


class LiveResults:
    """Keeps snapshots and recordings of one visitor."""

    def __init__(
        self, store: JobStore, folder: DataFolder, visitor: Visitor, limits: Limits
    ) -> None:
        """Keep them in a store and a data folder, within the limits."""
        self._store, self._folder, self._limits = store, folder, limits
        self._visitor = visitor
        self._recording: str | None = None

    def keep_snapshot(self, photo: Upload, dream: bytes, recipe: dict[str, Any]) -> Job:
        """Keep a dreamt frame.

        Args:
            photo: the camera's frame.
            dream: JPEG of the dream.
            recipe: fields of its recipe.

        Raises:
            HTTPError: the visitor's share is used up.
        """
        job_id = self._new_folder()
        folder = self._folder.job_folder(job_id)
        try:
            stored = photo.save(folder, "photo")
            (folder / BEFORE_FILE).write_bytes(photo.thumbnail)
            picture = Image.open(io.BytesIO(dream)).convert("RGB")
            reference = {"name": stored.name, "sha256": stored.sha256}
            completed = Recipe.complete({**recipe, "photo": reference})
            options = metadata_save_options("PNG", completed.to_json(), NO_ATTRIBUTION)
            picture.save(folder / RESULT_FILE, "PNG", **options)
            _save_thumbnail(picture, folder)
            job = self._job(job_id, recipe=completed.to_settings(), photo=stored)
            job = job.model_copy(update={"width": picture.width, "height": picture.height})
            return self._add(job)
        except BaseException:
            self._folder.delete_job(job_id)
            raise

    def start_recording(self) -> Path:
        """Return the folder of a new recording.

        Raises:
            HTTPError: the visitor's share is used up, or a recording runs already.
        """
        if self._recording is not None:
            raise HTTPError(409, "a recording runs already; stop it first")
        self._recording = self._new_folder()
        return self._folder.job_folder(self._recording)

    def finish_recording(self, recorded: Recorded, recipe: dict[str, Any]) -> Job | None:
        """Keep the recording that has ended; return None if there is none."""
        job_id, self._recording = self._recording, None
        if job_id is None:
            return None
        folder = self._folder.job_folder(job_id)
        if recorded.error or not (folder / FILM_FILE).is_file():
            self._folder.delete_job(job_id)
            return None
        with Image.open(folder / RESULT_FILE) as picture:
            _save_thumbnail(picture.convert("RGB"), folder)
        height, width = recorded.size
        size = {"width": width, "height": height, "frames": recorded.frames, "kind": "zoom"}
        return self._add(self._job(job_id, recipe=recipe).model_copy(update=size))

    def discard_recording(self) -> None:
        """Delete a recording that has not ended."""
        job_id, self._recording = self._recording, None
        if job_id is not None:
            self._folder.delete_job(job_id)

    def _new_folder(self) -> str:
        visitor = self._visitor
        if visitor.limits is not None:
            check_new_dream(self._store, visitor.owner, visitor.limits, trial=False)
        job_id = secrets.token_urlsafe(12)
        self._folder.job_folder(job_id).mkdir()
        return job_id

    def _job(self, job_id: str, **fields: Any) -> Job:
        now = time.time()
        return Job(
            id=job_id,
            status=Status.DONE,
            title=time.strftime("Live %H.%M.%S"),
            created=now,
            started=now,
            ended=now,
            owner=self._visitor.owner,
            **fields,
        )

    def _add(self, job: Job) -> Job:
        job = job.model_copy(update={"bytes": self._folder.size(job.id)})
        if not self._store.add(job, max_queued=self._limits.queue + 1):
            raise HTTPError(429, "the studio's queue is full; try again later", retry_after=30)
        enforce_quota(self._store, self._folder, self._limits.keep)
        return job


def _save_thumbnail(picture: Image.Image, folder: Path) -> None:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small.save(folder / THUMBNAIL_FILE, "JPEG", quality=85)
