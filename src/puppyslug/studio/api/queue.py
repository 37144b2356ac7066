"""The HTTP API of the queue: what waits, when it is expected to start, and moving it."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from puppyslug.studio.api.dependencies import Client, JobId, Studio
from puppyslug.studio.api.request_models import RequestModel
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import DreamKind, Job
from puppyslug.studio.jobs.queue_moves import Place, move, number_groups
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import Visitor

router = APIRouter(prefix="/api/queue")


class QueueEntry(BaseModel):
    """A queued job as the API shows it.

    Attributes:
        id: id of the dream or training job.
        kind: picture, zoom or teach.
        title: its title; empty for a job of somebody else.
        trial: whether it is a small trial.
        mine: whether the client may move it.
        group: jobs of the same group can change places.
        starts_in: expected seconds until it starts; null if unknown.
    """

    id: str
    kind: DreamKind | Literal["teach"]
    title: str
    trial: bool
    mine: bool
    group: int
    starts_in: float | None


class Move(RequestModel):
    """Where a job goes among those of its group.

    Attributes:
        to: first, up, down or last.
        before: id of the job before which it goes, instead.
    """

    to: Place | None = None
    before: Annotated[str | None, Field(max_length=40)] = None

    @model_validator(mode="after")
    def _check_choice(self) -> "Move":
        if (self.to is None) == (self.before is None):
            raise ValueError("send either 'to' or 'before'")
        return self


@router.get("")
def list_queue(studio: Studio, client: Client) -> list[QueueEntry]:
    """List the queued jobs in the order in which they will start."""
    return _view_queue(studio, client)


@router.post("/{id}")
def move_job(studio: Studio, client: Client, job_id: JobId, target: Move) -> list[QueueEntry]:
    """Move a queued job of the client among its own; return the queue."""
    job = studio.store.get(job_id)
    if job is None:
        raise HTTPError(404, "that job does not exist; it may have been deleted")
    if not client.may_control(job):
        raise HTTPError(403, "that job belongs to somebody else; you can only move your own")
    move(studio.store, job, target.to, target.before)
    studio.hub.notify()
    return _view_queue(studio, client)


def _view_queue(studio: Services, client: Visitor) -> list[QueueEntry]:
    queue, waits = studio.store.queue(), studio.waits.estimate()
    starts = {job_id: wait.seconds for job_id, wait in waits.items()}
    groups = zip(queue, number_groups(queue), strict=True)
    return [_view(job, group, starts.get(job.id), client) for job, group in groups]


def _view(job: Job, group: int, starts_in: float | None, client: Visitor) -> QueueEntry:
    mine = client.may_control(job)
    return QueueEntry(
        id=job.id,
        kind=job.kind,
        title=job.title if mine else "",
        trial=job.trial,
        mine=mine,
        group=group,
        starts_in=starts_in,
    )
