"""The HTTP API of dreams: submit, list, watch, control, derive, delete."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from puppyslug.recipe import parse_settings
from puppyslug.recipe.defaults import FILM_FPS, ZOOM_FRAMES
from puppyslug.studio.api.dependencies import (
    Client,
    JobId,
    Studio,
    find_dream,
    find_own_dream,
    reject_unexpected,
    run_untrusted,
    send_command,
)
from puppyslug.studio.api.events import stream_changes
from puppyslug.studio.api.request_models import RequestModel
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import DreamKind, DreamView, Job, Status
from puppyslug.studio.jobs.recipes import validate_changes
from puppyslug.studio.jobs.shares import check_new_dream, check_pause
from puppyslug.studio.jobs.submission import Submission
from puppyslug.studio.jobs.uploads import Upload
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import Visitor
from puppyslug.studio.workers.protocol import Command

router = APIRouter(prefix="/api")
Dream = Annotated[Job, Depends(find_dream)]
OwnDream = Annotated[Job, Depends(find_own_dream)]

FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
_RERUNNABLE = (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED)


class DerivedDream(RequestModel):
    """How a new dream differs from the one that it is derived from.

    Attributes:
        recipe: recipe fields that differ.
        feed: start from the result (dream on) instead of the photo.
        size: render the same composition at another size: PX, WxH or full.
        kind: picture, or zoom for a film that zooms into the result.
        frames: number of frames of a film.
        fps: frames per second of a film.
    """

    recipe: dict[str, Any] = Field(default_factory=dict)
    feed: bool = False
    size: str | None = None
    kind: DreamKind = "picture"
    frames: int = ZOOM_FRAMES
    fps: Annotated[float, Field(allow_inf_nan=False)] = FILM_FPS


@dataclass(frozen=True)
class DreamForm:
    """Text fields of the form that submits a dream."""

    recipe: Annotated[str, Form(description="complete or partial recipe, as JSON")] = "{}"
    kind: Annotated[DreamKind, Form()] = "picture"
    frames: Annotated[int, Form(description="number of frames of a zoom")] = ZOOM_FRAMES
    fps: Annotated[float, Form(description="frame rate of a zoom", allow_inf_nan=False)] = FILM_FPS
    photo_of: Annotated[
        str, Form(max_length=40, description="id of a dream, to start from its photo")
    ] = ""
    feed: Annotated[bool, Form(description="start from the result of that dream instead")] = False
    trial: Annotated[
        bool, Form(description="a small dream that is not listed, and deleted after a while")
    ] = False


@router.post("/dreams", status_code=201)
async def submit(
    studio: Studio,
    client: Client,
    request: Request,
    form: Annotated[DreamForm, Depends()],
    photo: Annotated[UploadFile | None, File()] = None,
    mask: Annotated[UploadFile | None, File(description="white areas dream, black stay")] = None,
    guide: Annotated[list[UploadFile] | None, File()] = None,
) -> DreamView:
    """Queue a dream of a photo, or of noise or clouds if the recipe says so."""
    if not request.headers.get("content-type", "").startswith(FORM_TYPES):
        raise HTTPError(415, "send a form, with the recipe as JSON in the field 'recipe'")
    settings = await run_untrusted(parse_settings, form.recipe)
    parent = (
        await run_in_threadpool(find_dream, studio, client, form.photo_of)
        if form.photo_of
        else None
    )
    await run_in_threadpool(studio.dreams.check_capacity)
    async with studio.heavy_requests.turn(
        client.owner
    ):  # the uploads of one request at a time are in memory
        submission = Submission(
            settings,
            form.kind,
            form.frames,
            form.fps,
            await _read_upload(studio, photo),
            await _read_upload(studio, mask),
            [upload for file in guide or [] if (upload := await _read_upload(studio, file))],
            parent,
            feed=form.feed,
            fresh=True,
            owner=client.owner,
            trial=form.trial and form.kind == "picture",
            limits=client.limits,
        )
        return await _submit(studio, client, submission)


@router.get("/dreams")
def list_dreams(
    studio: Studio,
    client: Client,
    words: Annotated[
        str,
        Query(max_length=200, description="words in title, objective, network, preset or tags"),
    ] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
    before: Annotated[
        str | None, Query(max_length=40, description="id of a dream, for older ones")
    ] = None,
    tags: Annotated[
        list[str] | None,
        Query(alias="tag", max_length=20, description="tags that dreams have, all of them"),
    ] = None,
    favourite: Annotated[bool, Query(description="favourites only")] = False,
) -> list[DreamView]:
    """List dreams, newest first."""
    owner = None if client.sees_all else client.owner
    jobs = studio.store.list_dreams(
        limit, before=before, words=words, tags=tags or (), favourites=favourite, owner=owner
    )
    return [studio.view_dream(job, client) for job in jobs]


@router.get("/dreams/{id}")
def get_dream(studio: Studio, client: Client, job: Dream) -> DreamView:
    """Return a dream."""
    return studio.view_dream(job, client)


@router.get("/dreams/{id}/events", response_class=EventSourceResponse)
async def stream_events(
    studio: Studio, client: Client, job: Dream
) -> AsyncIterator[ServerSentEvent]:
    """Stream the dream as server-sent events whenever it changes, until it has ended."""
    async for event in stream_changes(studio.hub, partial(_read_view, studio, client, job.id)):
        yield event


@router.get("/dreams/{id}/recipe")
def get_recipe(job: Dream) -> dict[str, Any]:
    """Return the recipe, for a form, the command line's --recipe, or another dream."""
    return job.recipe


@router.post("/dreams/{id}/steer")
def steer(studio: Studio, client: Client, job: OwnDream, changes: dict[str, Any]) -> DreamView:
    """Change objective (or layer, channel, see), step_size, jitter, strength or keep_colours."""
    if job.kind != "picture":
        raise HTTPError(409, "a film cannot be changed while it runs; stop it, and submit another")
    studio.networks.register_used(str(job.recipe["network"]))
    with reject_unexpected():
        valid = validate_changes(job, changes)
    send_command(studio, job, Command("steer", valid))
    return _current_view(studio, client, job.id)


@router.post("/dreams/{id}/again", status_code=201)
async def derive(studio: Studio, client: Client, job: Dream, changed: DerivedDream) -> DreamView:
    """Queue a dream derived from this one: another seed, larger, dreamt on, or as a zoom."""
    submission = Submission(
        changed.recipe,
        changed.kind,
        changed.frames,
        changed.fps,
        parent=job,
        feed=changed.feed,
        enlarged=changed.size,
        owner=client.owner,
        limits=client.limits,
    )
    async with studio.heavy_requests.turn(client.owner):
        return await _submit(studio, client, submission)


@router.post("/dreams/{id}/{order}")
def command(
    studio: Studio,
    client: Client,
    job: OwnDream,
    order: Annotated[Literal["pause", "resume", "stop", "cancel", "rerun"], Path()],
) -> DreamView:
    """Pause, resume, stop with the result so far, or cancel; rerun what did not succeed."""
    if order == "rerun":
        _rerun(studio, client, job)
    elif order == "cancel" and studio.store.update(
        job.id, if_status=(Status.QUEUED,), status=Status.CANCELLED
    ):
        studio.hub.notify()
    else:
        if order == "pause" and client.limits is not None:
            check_pause(studio.store, client.owner, client.limits)
        send_command(studio, job, Command(order))
    return _current_view(studio, client, job.id)


@router.delete("/dreams/{id}", status_code=204)
def delete(studio: Studio, job: OwnDream) -> None:
    """Delete a dream and its files."""
    if not studio.store.delete(job.id, studio.folder.delete_job):
        raise HTTPError(409, "that dream is running; cancel it first")
    studio.hub.notify()


@router.post("/recipe")
async def read_recipe(
    studio: Studio, client: Client, dream: Annotated[UploadFile, File()]
) -> dict[str, Any] | None:
    """Return the validated recipe inside an uploaded picture; null if it contains none."""
    async with studio.heavy_requests.turn(client.owner):
        upload = await _read_upload(studio, dream)
        assert upload is not None
        read = studio.sandbox.read_recipe
        return await run_untrusted(read, upload.name, upload.data, studio.networks.folder)


async def _read_upload(studio: Services, file: UploadFile | None) -> Upload | None:
    if file is None:
        return None
    data = await file.read()
    decode = partial(studio.sandbox.decode_upload, max_pixels=studio.limits.photo)
    return await run_untrusted(decode, file.filename or "", data)


async def _submit(studio: Services, client: Visitor, submission: Submission) -> DreamView:
    job = await run_untrusted(studio.dreams.submit, submission)
    studio.pool.notify()
    return await run_in_threadpool(studio.view_dream, job, client)


def _rerun(studio: Services, client: Visitor, job: Job) -> None:
    studio.dreams.check_capacity()
    if client.limits is not None:
        check_new_dream(studio.store, client.owner, client.limits, trial=job.trial)
    fields = {"status": Status.QUEUED, "attempts": 0, "error": "", "ended": None, "rank": None}
    if studio.store.update(job.id, if_status=_RERUNNABLE, **fields) is None:
        raise HTTPError(
            409,
            f"that dream is {job.status}; only failed, cancelled and interrupted dreams can be "
            "rerun",
        )
    studio.pool.notify()


def _read_view(studio: Services, client: Visitor, job_id: JobId) -> DreamView | None:
    job = studio.store.get(job_id)
    return None if job is None else studio.view_dream(job, client)


def _current_view(studio: Services, client: Visitor, job_id: JobId) -> DreamView:
    return studio.view_dream(find_dream(studio, client, job_id), client)
