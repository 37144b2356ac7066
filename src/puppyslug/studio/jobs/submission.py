"""Submission of dreams: limits are checked, files stored, the recipe completed, the job queued."""

import contextlib
import hashlib
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from puppyslug.engine.octaves import plan_octaves
from puppyslug.images.sizes import display_size
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.finetuned import finetuned_vocabulary
from puppyslug.networks.weights.location import is_available
from puppyslug.objectives import parse_objective
from puppyslug.recipe import Recipe
from puppyslug.recipe.defaults import FILM_FPS, ZOOM_FRAMES
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import (
    BEFORE_FILE,
    RESULT_FILE,
    START_FILE,
    THUMBNAIL_FILE,
    DataFolder,
    is_own_file,
)
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks
from puppyslug.studio.jobs.models import DreamKind, Job, StoredFile
from puppyslug.studio.jobs.recipes import DreamFiles, build_recipe, result_size
from puppyslug.studio.jobs.shares import check_new_dream
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.uploads import INVISIBLE, Upload
from puppyslug.studio.limits import Limits, PupilLimits

RETRY_AFTER = 30  # seconds
MAX_CLASS_NAME = 80  # characters of what the user calls a class


class Submission(NamedTuple):
    """A requested dream.

    Attributes:
        settings: recipe fields and shorthand; untrusted.
        kind: picture or zoom.
        frames: number of frames of a film.
        fps: frames per second of a film.
        photo: picture to start from; None for noise, clouds, or the parent's photo.
        mask: mask picture, or None.
        guides: guide pictures.
        parent: dream whose recipe and files are used where none are given, or None.
        feed: whether to start from the parent's result instead of its photo.
        enlarged: render the parent's composition at this size; None for the same size.
        fresh: whether the parent gives its starting picture only, and none of its settings, mask
            and guides.
        owner: id of the browser that submits it; empty for a script.
        trial: whether the dream is a small trial, which the gallery does not show.
        limits: what the pupil who submits it may use; None where only the studio's limits apply.
    """

    settings: dict[str, Any]
    kind: DreamKind = "picture"
    frames: int = ZOOM_FRAMES
    fps: float = FILM_FPS
    photo: Upload | None = None
    mask: Upload | None = None
    guides: Sequence[Upload] = ()
    parent: Job | None = None
    feed: bool = False
    enlarged: str | None = None
    fresh: bool = False
    owner: str = ""
    trial: bool = False
    limits: PupilLimits | None = None

    @property
    def template(self) -> Job | None:
        """The dream whose settings, mask and guides apply where none are given."""
        return None if self.fresh else self.parent


class DreamSubmitter:
    """Validates submissions of dreams and adds them to the queue, which the job store keeps."""

    def __init__(
        self, store: JobStore, folder: DataFolder, limits: Limits, networks: FinetunedNetworks
    ) -> None:
        """Create a submitter that adds jobs to a store."""
        self._store, self._folder, self._limits = store, folder, limits
        self._networks = networks

    def submit(self, submission: Submission) -> Job:
        """Queue a dream.

        Raises:
            PuppyslugError: invalid settings.
            HTTPError: a limit is exceeded, a file is missing, or the queue is full.
        """
        self._check_film(submission)
        self.check_capacity()
        if submission.limits is not None:
            check_new_dream(
                self._store, submission.owner, submission.limits, trial=submission.trial
            )
        job_id = secrets.token_urlsafe(12)
        folder = self._folder.job_folder(job_id)
        folder.mkdir()
        try:
            files = _store_files(submission, folder, self._folder)
            recipe = build_recipe(
                submission.settings,
                files,
                self._networks,
                parent=submission.template,
                zoom=submission.kind == "zoom",
                feed=submission.feed,
                enlarged=submission.enlarged,
            )
            self._check(recipe, submission, files)
            job = Job(
                id=job_id,
                kind=submission.kind,
                title=files.photo.name if files.photo else str(recipe.photo),
                recipe=recipe.to_settings(),
                photo=files.photo,
                mask=files.mask,
                guides=files.guides,
                frames=submission.frames if submission.kind == "zoom" else 1,
                fps=submission.fps,
                parent=submission.parent.id if submission.parent else None,
                created=time.time(),
                bytes=self._folder.size(job_id),
                owner=submission.owner,
                trial=submission.trial,
                called=_called(submission, recipe),
            )
            self._add(job)
            if job.trial:
                for old in self._store.old_trials(self._limits.trials):
                    self._store.delete(old, self._folder.delete_job)
        except BaseException:
            self._folder.delete_job(job_id)
            raise
        return job

    def check_capacity(self) -> None:
        """Check early, before any file is decoded, that the queue is not full.

        Raises:
            HTTPError: the queue is full.
        """
        if self._store.count_queued() >= self._limits.queue:
            raise self._full()

    def _add(self, job: Job) -> None:
        if not self._store.add(job, max_queued=self._limits.queue):
            raise self._full()

    def _full(self) -> HTTPError:
        return HTTPError(
            429,
            f"the queue is full ({self._limits.queue} jobs); try again later",
            retry_after=RETRY_AFTER,
        )

    def _check_film(self, submission: Submission) -> None:
        limit = self._limits.frames
        if submission.limits is not None:
            limit = min(limit, submission.limits.frames)
        if submission.kind == "zoom" and not 1 <= submission.frames <= limit:
            raise HTTPError(422, f"frames is {submission.frames}; choose 1 to {limit}")
        if not 1 <= submission.fps <= 120:
            raise HTTPError(422, f"fps is {submission.fps:g}; choose 1 to 120")

    def _check(self, recipe: Recipe, submission: Submission, files: DreamFiles) -> None:
        """Report what would fail in the worker now, while the user can still correct it."""
        spec = find_spec(recipe.network)
        for member in spec.members or (spec,):
            if not is_available(member):
                raise HTTPError(
                    422,
                    f"the weights of the network {member.name} are not on this machine; run "
                    f"'puppyslug networks fetch {member.name}'",
                )
        size = result_size(recipe.size, files.photo.size if files.photo else None)
        limits, kind = self._limits, "trial" if submission.trial else submission.kind
        max_pixels = {"zoom": limits.film, "trial": limits.trial}.get(kind, limits.dream)
        if submission.limits is not None:
            max_pixels = min(max_pixels, submission.limits.dream)
        if size[0] * size[1] > max_pixels:
            raise HTTPError(
                422,
                f"size {display_size(size)} exceeds the limit of {max_pixels / 1e6:g} megapixels "
                f"for a {kind}; choose a smaller size",
            )
        _check_objective(recipe, spec, size, files)


def _check_objective(
    recipe: Recipe, spec: NetworkSpec, size: tuple[int, int], files: DreamFiles
) -> None:
    objective = recipe.combined_objective()
    if spec.finetuned is not None:  # the recipe itself does not resolve their class names
        parse_objective(recipe.objective, finetuned_vocabulary(spec, spec.finetuned).find)
    for area in {size, recipe.composition_size or size}:
        objective.check(spec, area)
        plan_octaves(recipe, objective, spec, area)
    missing = set(objective.references) - {guide.name for guide in files.guides}
    if missing:
        raise HTTPError(422, f"the guide picture {min(missing)} is missing; upload it as 'guide'")


def _store_files(submission: Submission, folder: Path, data: DataFolder) -> DreamFiles:
    """Write the uploaded files into a job's folder, and link the parent's where none were sent."""
    parent = submission.parent
    if submission.photo is not None:
        (folder / START_FILE).write_bytes(submission.photo.thumbnail)
    elif parent is not None:
        _link_start(data.job_folder(parent.id), folder, feed=submission.feed)
    photo = submission.photo.save(folder, "photo") if submission.photo else None
    mask = submission.mask.save(folder, "mask") if submission.mask else None
    guides = [guide.save(folder, f"guide-{n}") for n, guide in enumerate(submission.guides, 1)]
    if len({guide.name for guide in guides}) < len(guides):
        raise HTTPError(422, "two guide pictures have the same file name; rename one of them")
    if parent is not None and photo is None:
        parent_folder = data.job_folder(parent.id)
        if submission.feed:
            photo = _copy_result(parent_folder, folder, parent)
        elif parent.photo is not None:
            photo = _link_file(parent_folder, folder, parent.photo)
        if mask is None and parent.mask is not None and not submission.fresh:
            mask = _link_file(parent_folder, folder, parent.mask)
        if not guides and not submission.fresh:
            guides = [_link_file(parent_folder, folder, guide) for guide in parent.guides]
    return DreamFiles(photo, mask, guides)


def _link_start(parent_folder: Path, folder: Path, *, feed: bool) -> None:
    """Give a queued dream the small picture that its parent has, if there is one."""
    candidates = (THUMBNAIL_FILE,) if feed else (START_FILE, BEFORE_FILE)
    for source in map(parent_folder.joinpath, candidates):
        if is_own_file(source):
            with contextlib.suppress(OSError):
                (folder / START_FILE).write_bytes(source.read_bytes())
                return


def _called(submission: Submission, recipe: Recipe) -> str:
    """Return what the user calls the class of a dream, if that is not its preferred name."""
    name = submission.settings.get("see")
    parent = submission.template
    if not isinstance(name, str):
        same = parent is not None and parent.recipe.get("objective") == recipe.objective
        return parent.called if parent is not None and same else ""
    name = INVISIBLE.sub("", " ".join(name.split()))[:MAX_CLASS_NAME]
    return "" if recipe.objective == f"see({name})" else name


def _link_file(parent_folder: Path, folder: Path, stored: StoredFile) -> StoredFile:
    """Share a file of the parent; a hard link takes no disk space."""
    source, target = parent_folder / stored.file, folder / stored.file
    if not is_own_file(source):
        raise HTTPError(409, f"the file {stored.name} of that dream is missing; upload it again")
    try:
        target.hardlink_to(source)
    except OSError:
        target.write_bytes(source.read_bytes())
    return stored


def _copy_result(parent_folder: Path, folder: Path, parent: Job) -> StoredFile:
    """Store the parent's result as the photo to start from."""
    result = parent_folder / RESULT_FILE
    if not is_own_file(result):
        raise HTTPError(409, "that dream has no result yet; wait until it is done")
    name = f"{Path(parent.title).stem or 'dream'}.dream.png"
    data = result.read_bytes()
    (folder / "photo.png").write_bytes(data)
    sha256, size = hashlib.sha256(data).hexdigest(), (parent.height, parent.width)
    return StoredFile(file="photo.png", name=name, sha256=sha256, size=size)
