"""Runs a dream, a picture or a zoom film, in a worker process."""

import contextlib
import errno
import io
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.engine.remaining_time import RemainingTime
from puppyslug.engine.steering import apply_changes
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import OutputError, PuppyslugError
from puppyslug.images import fit_size, save_image, to_pil
from puppyslug.objectives import parse_objective
from puppyslug.recipe import InputFiles, Recipe
from puppyslug.recipe.defaults import FILM_QUALITY
from puppyslug.studio.jobs.data_folder import BEFORE_FILE, FILM_FILE, RESULT_FILE, THUMBNAIL_FILE
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks
from puppyslug.studio.jobs.models import Job, JobProgress
from puppyslug.studio.jobs.notices import describe_notices
from puppyslug.studio.workers.protocol import JobCancelledError, JobControl, Task
from puppyslug.video.assembly import encode_film, render_parts, save_frames
from puppyslug.video.checkpoint import FrameCheckpoint
from puppyslug.video.zoom import zoom_frames

PREVIEW_SIZE = 768  # pixels, longest side
BEFORE_SIZE = 1600
THUMBNAIL_SIZE = 400
MIN_PREVIEW_INTERVAL = 0.25  # seconds
MAX_PREVIEW_SHARE = 0.03  # of the running time
JPEG_QUALITY = 82  # 0 to 100
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL_STAGE = "waiting for disk space: delete some dreams"
MAX_DISK_WAIT = 600.0  # seconds
DISK_INTERVAL = 1.0  # seconds until the result is saved again
DreamSteps = Generator[DreamStep, Mapping[str, Any] | None, None]


def run_dream(task: Task, control: JobControl) -> None:
    """Dream a picture or a film, and write it into the job's folder.

    Raises:
        JobCancelledError: the job has been cancelled.
        PuppyslugError: the recipe cannot be followed, or a file cannot be read or written.
    """
    job, folder = task.job, task.folder
    control.emit("progress", JobProgress(stage="loading"))
    FinetunedNetworks(task.networks).register_used(str(job.recipe["network"]))
    prepared = _prepare(job, folder)
    height, width = prepared.image.shape[-2:]
    before = partial(_save_jpeg, to_pil(prepared.image), folder / BEFORE_FILE, BEFORE_SIZE)
    _wait_for_space(before, control)
    control.emit(
        "update",
        {
            "recipe": prepared.recipe.to_settings(),
            "notices": describe_notices(job, prepared.notices, (height, width)),
            "height": height,
            "width": width,
        },
    )
    reporter = ProgressReporter(job, control)
    if job.kind == "zoom":
        picture = _dream_zoom(task, prepared, control, reporter)
    else:
        keep = partial(_save_result, folder, control)
        picture = dream_picture(prepared, control, reporter, keep=keep)
    _save_result(folder, control, picture)


def _save_result(folder: Path, control: JobControl, picture: Image.Image) -> None:
    def write() -> None:
        save_image(picture, folder / RESULT_FILE, overwrite=True)
        _save_jpeg(picture, folder / THUMBNAIL_FILE, THUMBNAIL_SIZE)

    _wait_for_space(write, control)


def _wait_for_space(write: Callable[[], None], control: JobControl) -> None:
    """Write files; on a full disk wait until the user has made room."""
    deadline = time.monotonic() + MAX_DISK_WAIT
    while True:
        try:
            write()
        except (OSError, OutputError) as error:
            cause = error.__cause__ if isinstance(error, OutputError) else error
            full = isinstance(cause, OSError) and cause.errno in FULL_DISK
            if not full or time.monotonic() > deadline:
                raise
        else:
            return
        control.emit("progress", JobProgress(stage=DISK_FULL_STAGE))
        time.sleep(DISK_INTERVAL)
        control.poll()


def _prepare(job: Job, folder: Path) -> PreparedDream:
    recipe = Recipe.complete(job.recipe)
    source = recipe.photo if job.photo is None else folder / job.photo.file
    assert isinstance(source, str | Path)
    guides = {guide.name: folder / guide.file for guide in job.guides}
    mask = folder / job.mask.file if job.mask else None
    return prepare(recipe, source, InputFiles(mask=mask, guides=guides))


def dream_picture(
    prepared: PreparedDream,
    control: JobControl,
    reporter: "ProgressReporter",
    *,
    keep: Callable[[Image.Image], None],
) -> Image.Image:
    """Dream a picture, and apply the changes that arrive in the meantime.

    Args:
        prepared: the dream.
        control: the job's channel to the server.
        reporter: reports the progress.
        keep: called with the picture so far if a step fails; the error is raised again.
    """
    steps = dream_steps(prepared)
    step = next(steps)
    try:
        while True:
            reporter.report(step)
            with reporter.untimed():  # the dream may be paused meanwhile
                step = _apply_changes(prepared, control, steps, step)
            if control.stopped:
                break
            following = next(steps, None)
            if following is None:
                break
            step = following
            if step.rejected:
                control.emit("update", {"recipe": step.recipe.to_settings()})
                control.emit("rejected", step.rejected)
    except JobCancelledError:
        raise
    except Exception:
        with contextlib.suppress(Exception):  # the first error is the one to report
            keep(_finish(step, prepared, control))
        raise
    return _finish(step, prepared, control)


def _apply_changes(
    prepared: PreparedDream, control: JobControl, steps: DreamSteps, step: DreamStep
) -> DreamStep:
    """Apply the changes that have arrived; return the changed step.

    They are applied together, of each field the latest. If that is not possible, each field is
    changed by itself.
    """
    arrived = control.poll()
    if not arrived:
        return step
    together = {name: value for changes in arrived for name, value in changes.items()}
    changed, reason = _send_changes(prepared, steps, step, together)
    if reason and len(together) > 1:
        for name, value in together.items():
            changed, rejection = _send_changes(prepared, steps, changed, {name: value})
            reason = rejection or reason
    if changed is not step:
        control.emit("update", {"recipe": changed.recipe.to_settings()})
    if reason:
        control.emit("rejected", reason)
    return changed


def _send_changes(
    prepared: PreparedDream, steps: DreamSteps, step: DreamStep, changes: dict[str, Any]
) -> tuple[DreamStep, str]:
    """Return the changed step, or the same step and why the changes are rejected."""
    try:
        _check_changes(prepared, step, changes)
    except PuppyslugError as error:
        return step, str(error)
    return steps.send(changes), ""


def _check_changes(prepared: PreparedDream, step: DreamStep, changes: dict[str, Any]) -> None:
    """Check changes before they are sent: an error in the generator would end the dream."""
    network = prepared.network
    apply_changes(
        step.recipe,
        changes,
        network.spec,
        prepared.size,
        find_label=network.find_label,
        guides=prepared.guides,
    )
    if "objective" in changes:
        objective = parse_objective(str(changes["objective"]), network.find_label)
        objective.check_references(DreamTermContext(network, prepared.image, prepared.guides))


def _finish(step: DreamStep, prepared: PreparedDream, control: JobControl) -> Image.Image:
    """Return the picture of a step; the recipe of one that is not the last says so."""
    if step.fraction < 1:
        step = replace(step, recipe=step.recipe.with_settings({"stop_after": step.number}))
        control.emit("update", {"recipe": step.recipe.to_settings()})
    return prepared.to_pil(step)


def _dream_zoom(
    task: Task, prepared: PreparedDream, control: JobControl, reporter: "ProgressReporter"
) -> Image.Image:
    """Render a zoom film, resuming an interrupted one; return its last frame."""
    job, film = task.job, task.folder / FILM_FILE
    checkpoint = FrameCheckpoint(film, {"dream": job.id}, restart=job.attempts == 1)
    reporter.frame = checkpoint.frame_count()

    def render(state: Any) -> Iterator[Any]:
        for frame in zoom_frames(prepared, job.frames, state=state, on_step=reporter.report):
            yield frame
            reporter.frame += 1
            reporter.preview(partial(Image.fromarray, frame.pixels))
            with reporter.untimed():
                control.poll()
            if control.stopped:
                return

    save_frames(checkpoint, render_parts(checkpoint, [("", render)]))
    control.emit("progress", JobProgress(stage="writing", fraction=1.0, preview=reporter.previews))
    frames = checkpoint.load_frames(checkpoint.frame_count())
    last = next(checkpoint.load_frames(1, first=checkpoint.frame_count() - 1))
    encode_film(
        film,
        checkpoint,
        frames,
        comment=prepared.recipe.to_json(),
        fps=Fraction(job.fps).limit_denominator(1001),
        quality=FILM_QUALITY,
    )
    return Image.fromarray(last)


class ProgressReporter:
    """Emits the progress of a dream, and previews at a limited rate.

    Attributes:
        frame: index of the current film frame.
        previews: number of previews emitted so far.
    """

    def __init__(self, job: Job, control: JobControl) -> None:
        """Report the progress of a job through its control channel."""
        self.frame = 0
        self.previews = 0
        self._is_film = job.kind == "zoom"
        self._frames = job.frames if self._is_film else 1
        self._control = control
        self._remaining = RemainingTime()
        self._next_preview = 0.0  # earliest time

    def report(self, step: DreamStep) -> None:
        """Emit the progress of a step, and for a picture a preview of it."""
        if self._is_film:
            with self.untimed():
                self._control.poll()
        fraction = (self.frame + step.fraction) / self._frames
        self._remaining.add(fraction)
        if not self._is_film:
            self.preview(partial(_render_preview, step))
        self._control.emit(
            "progress",
            JobProgress(
                octave=step.octave,
                octaves=step.octaves,
                step=step.step,
                steps=step.steps,
                frame=self.frame,
                score=step.score,
                fraction=fraction,
                seconds_left=self._remaining.seconds,
                stage="dreaming",
                preview=self.previews,
            ),
        )

    @contextlib.contextmanager
    def untimed(self) -> Iterator[None]:
        """Leave the time of a block out of the estimate of the remaining time."""
        start = time.monotonic()
        yield
        self._remaining.skip(time.monotonic() - start)

    def preview(self, render: Callable[[], Image.Image]) -> None:
        """Emit a preview, unless the previous one is too recent or previews take too much time."""
        start = time.monotonic()
        if start < self._next_preview:
            return
        self.previews += 1
        self._control.emit("preview", _encode_jpeg(render(), PREVIEW_SIZE))
        end = time.monotonic()
        self._next_preview = end + max(MIN_PREVIEW_INTERVAL, (end - start) / MAX_PREVIEW_SHARE)


def _render_preview(step: DreamStep) -> Image.Image:
    return to_pil(
        step.picture(fit_size((step.start.shape[-2], step.start.shape[-1]), PREVIEW_SIZE))
    )


def _encode_jpeg(picture: Image.Image, longest: int) -> bytes:
    height, width = fit_size((picture.height, picture.width), longest)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BOX)
    data = io.BytesIO()
    picture.convert("RGB").save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()


def _save_jpeg(picture: Image.Image, path: Path, longest: int) -> None:
    path.write_bytes(_encode_jpeg(picture, longest))
