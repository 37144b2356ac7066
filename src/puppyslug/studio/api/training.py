"""The HTTP API of training jobs (lessons): classes and pictures in, a network and a report out."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Path, UploadFile
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from puppyslug.studio.api.dependencies import (
    Client,
    JobId,
    Studio,
    find_own_training_job,
    find_training_job,
    forbid_pupils,
    run_untrusted,
    send_command,
)
from puppyslug.studio.api.events import stream_changes
from puppyslug.studio.api.request_models import RequestModel
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import REPORT_FILE
from puppyslug.studio.jobs.models import (
    Job,
    Status,
    StoredFile,
    TrainingClassView,
    TrainingJobView,
)
from puppyslug.studio.jobs.training_classes import find_picture, thumbnail_file
from puppyslug.studio.services import Services
from puppyslug.studio.workers.protocol import Command

router = APIRouter(prefix="/api/lessons", dependencies=[Depends(forbid_pupils)])
TrainingJob = Annotated[Job, Depends(find_training_job)]
OwnTrainingJob = Annotated[Job, Depends(find_own_training_job)]
Name = Annotated[str, Field(max_length=300)]
PictureFile = Annotated[str, Path(alias="file", max_length=200)]
# the report is a self-contained page that may not run or load anything
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


class TrainingJobFields(RequestModel):
    """Fields of a training job; fields that are left out keep their value.

    Attributes:
        name: name of the network.
        base: name of the network to finetune.
        seed: random seed.
    """

    name: Name | None = None
    base: Name | None = None
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class TrainingClassFields(RequestModel):
    """Fields of a class: its name, which may be empty at first."""

    name: Name = ""


class TrainingPictureView(BaseModel):
    """A training picture as the API shows it.

    Attributes:
        file: file name in the studio.
        name: file name on the user's machine.
        thing: number of its class.
        width: width in pixels, upright.
        height: height in pixels, upright.
    """

    file: str
    name: str
    thing: int
    width: int
    height: int


@router.post("", status_code=201)
def create(
    studio: Studio, client: Client, fields: TrainingJobFields | None = None
) -> TrainingJobView:
    """Create a draft; training starts once it is submitted."""
    job = studio.training.create(client.owner)
    try:
        studio.training.configure(job.id, _given_fields(fields or TrainingJobFields()))
    except BaseException:
        studio.store.delete(job.id, studio.folder.delete_job)
        raise
    return _current_view(studio, job.id)


@router.get("")
def list_jobs(studio: Studio) -> list[TrainingJobView]:
    """List all training jobs, newest first."""
    return [studio.view_training_job(job) for job in studio.store.list_training_jobs()]


@router.get("/{id}")
def get_job(studio: Studio, job: TrainingJob) -> TrainingJobView:
    """Return a training job."""
    return studio.view_training_job(job)


@router.patch("/{id}")
def configure(studio: Studio, job: OwnTrainingJob, fields: TrainingJobFields) -> TrainingJobView:
    """Change the name of the network, its base or the seed."""
    studio.training.configure(job.id, _given_fields(fields))
    return _current_view(studio, job.id)


@router.delete("/{id}", status_code=204)
def delete(studio: Studio, job: OwnTrainingJob) -> None:
    """Delete a training job, its pictures and its report; the network is kept."""
    if not studio.store.delete(job.id, studio.folder.delete_job):
        raise HTTPError(409, "that training job is running; cancel it first")
    studio.hub.notify()


@router.post("/{id}/things", status_code=201)
def add_class(
    studio: Studio, job: OwnTrainingJob, fields: TrainingClassFields
) -> TrainingClassView:
    """Add a class; pictures of the class ``none`` are negatives."""
    added = studio.training.add_class(job.id, fields.name)
    return TrainingClassView(number=added.number, name=added.name, count=0)


@router.patch("/{id}/things/{number}")
def rename_class(
    studio: Studio, job: OwnTrainingJob, number: int, fields: TrainingClassFields
) -> TrainingJobView:
    """Rename a class."""
    studio.training.rename_class(job.id, number, fields.name)
    return _current_view(studio, job.id)


@router.delete("/{id}/things/{number}")
def delete_class(studio: Studio, job: OwnTrainingJob, number: int) -> TrainingJobView:
    """Delete a class and its pictures."""
    studio.training.delete_class(job.id, number)
    return _current_view(studio, job.id)


@router.get("/{id}/pictures")
def list_pictures(job: TrainingJob) -> list[TrainingPictureView]:
    """List the pictures of all classes."""
    assert job.lesson is not None
    return [
        _view_picture(picture, one.number) for one in job.lesson.things for picture in one.pictures
    ]


@router.post("/{id}/things/{number}/pictures", status_code=201)
async def add_pictures(
    studio: Studio, job: OwnTrainingJob, number: int, picture: Annotated[list[UploadFile], File()]
) -> list[TrainingPictureView]:
    """Add up to twelve pictures to a class; on an error, those before it are kept."""
    return [_view_picture(await _add_picture(studio, job, number, one), number)
            for one in picture]  # fmt: skip


@router.get("/{id}/things/{number}/pictures/{file}")
def get_thumbnail(studio: Studio, job: TrainingJob, number: int, file: PictureFile) -> FileResponse:
    """Return the thumbnail of a picture (JPEG)."""
    assert job.lesson is not None
    picture = find_picture(job.lesson, number, file)
    path = studio.folder.find_file(job.id, "things", str(number), thumbnail_file(picture.file))
    if path is None:
        raise HTTPError(404, f"the thumbnail of {picture.name} is missing; upload it again")
    headers = {"Cache-Control": "private, max-age=3600"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)


@router.delete("/{id}/things/{number}/pictures/{file}", status_code=204)
def delete_picture(studio: Studio, job: OwnTrainingJob, number: int, file: PictureFile) -> None:
    """Delete a picture of a class."""
    studio.training.delete_picture(job.id, number, file)


@router.post("/{id}/teach")
def submit(studio: Studio, job: OwnTrainingJob) -> TrainingJobView:
    """Queue a training job, for the first time or again."""
    studio.dreams.check_capacity()
    studio.training.submit(job.id)
    studio.pool.notify()
    return _current_view(studio, job.id)


@router.post("/{id}/{order}")
def command(
    studio: Studio, job: OwnTrainingJob, order: Annotated[str, Path(pattern="^(stop|cancel)$")]
) -> TrainingJobView:
    """Stop with the network so far, without a report; or cancel."""
    if order == "cancel" and studio.store.update(
        job.id, if_status=(Status.QUEUED,), status=Status.CANCELLED
    ):
        studio.hub.notify()
    else:
        send_command(studio, job, Command(order))
    return _current_view(studio, job.id)


@router.get("/{id}/events", response_class=EventSourceResponse)
async def stream_events(studio: Studio, job: TrainingJob) -> AsyncIterator[ServerSentEvent]:
    """Stream the job as server-sent events whenever it changes, until it has ended."""
    async for event in stream_changes(studio.hub, partial(_read_view, studio, job.id)):
        yield event


@router.get("/{id}/report", response_class=FileResponse)
def get_report(studio: Studio, job: TrainingJob) -> FileResponse:
    """Return the report, an HTML page."""
    path = studio.folder.find_file(job.id, REPORT_FILE)
    if path is None:
        raise HTTPError(404, "that training job has no report yet; wait until it is done")
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(path, media_type="text/html", headers=headers)


async def _add_picture(studio: Services, job: Job, number: int, file: UploadFile) -> StoredFile:
    def add(data: bytes) -> StoredFile:
        name, limit = file.filename or "", studio.limits.photo
        upload = studio.sandbox.decode_upload(name, data, max_pixels=limit)
        return studio.training.add_picture(job.id, number, upload)

    async with studio.heavy_requests.turn(job.owner):
        return await run_untrusted(add, await file.read())


def _given_fields(fields: TrainingJobFields) -> dict[str, Any]:
    return fields.model_dump(exclude_none=True)


def _read_view(studio: Services, job_id: JobId) -> TrainingJobView | None:
    job = studio.store.get(job_id)
    return None if job is None else studio.view_training_job(job)


def _current_view(studio: Services, job_id: JobId) -> TrainingJobView:
    return studio.view_training_job(find_training_job(studio, job_id))


def _view_picture(picture: StoredFile, number: int) -> TrainingPictureView:
    height, width = picture.size
    return TrainingPictureView(
        file=picture.file, name=picture.name, thing=number, width=width, height=height
    )
