"""The HTTP API of class mode: pupils join and leave, and the teacher leads the class."""

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from puppyslug.studio.api.dependencies import (
    Client,
    Studio,
    find_dream,
    forbid_pupils,
    send_command,
)
from puppyslug.studio.api.request_models import RequestModel
from puppyslug.studio.classroom.addresses import render_qr_code
from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.visitors import COOKIE, set_browser_cookie
from puppyslug.studio.workers.protocol import Command

router = APIRouter(prefix="/api/class")


class JoinRequest(RequestModel):
    """What a pupil types to join.

    Attributes:
        passphrase: the pass phrase of the lesson.
        name: what the teacher's page calls the pupil; may be empty.
    """

    passphrase: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(max_length=100)] = ""


class ProjectorRequest(RequestModel):
    """What the projector shows.

    Attributes:
        dream: id of a dream; None for how to join.
    """

    dream: Annotated[str, Field(max_length=40)] | None = None


class PupilView(BaseModel):
    """A pupil as the teacher sees it.

    Attributes:
        number: number of the pupil, counted from 1.
        name: name of the pupil.
        queued: number of queued dreams, trials not included, as are those of the other numbers.
        active: number of running and paused dreams.
        done: number of dreams that are done.
    """

    number: int
    name: str
    queued: int
    active: int
    done: int


class ClassView(BaseModel):
    """A class as the teacher sees it.

    Attributes:
        address: the address that pupils open.
        passphrase: the pass phrase of the lesson.
        paused: whether the queue is paused.
        projected: id of the dream that the projector shows; None for how to join.
        pupils: the pupils in the order in which they have joined.
    """

    address: str
    passphrase: str
    paused: bool
    projected: str | None
    pupils: list[PupilView]


def _classroom(studio: Studio) -> Classroom:
    if studio.classroom is None:
        raise HTTPError(404, "this studio is not in class mode; start it with --class")
    return studio.classroom


Class = Annotated[Classroom, Depends(_classroom)]
teacher_router = APIRouter(
    prefix="/api/class", dependencies=[Depends(_classroom), Depends(forbid_pupils)]
)


@router.post("/join", status_code=204)
def join(request: Request, response: Response, classroom: Class, typed: JoinRequest) -> None:
    """Join with the pass phrase; the cookie of the response gives the pupil a gallery."""
    address = request.client.host if request.client else ""
    secret, _ = classroom.join(typed.passphrase, typed.name, address)
    set_browser_cookie(response, secret, samesite="lax")


@router.post("/leave", status_code=204)
def leave(response: Response, _: Class) -> None:
    """Forget the pupil in this browser, so that somebody else can join with it."""
    response.delete_cookie(COOKIE)


@teacher_router.get("")
def get_class(studio: Studio, classroom: Class) -> ClassView:
    """Return the class: how to join, who has joined, what the projector shows."""
    counts = studio.store.count_by_owner()
    return ClassView(
        address=classroom.address,
        passphrase=classroom.passphrase,
        paused=studio.pool.is_paused,
        projected=classroom.projected,
        pupils=[
            PupilView(
                number=pupil.number,
                name=pupil.name,
                queued=counts[pupil.owner][Status.QUEUED],
                active=counts[pupil.owner][Status.RUNNING] + counts[pupil.owner][Status.PAUSED],
                done=counts[pupil.owner][Status.DONE],
            )
            for pupil in classroom.roster.list()
        ],
    )


@teacher_router.get("/code", response_class=Response)
def get_code(classroom: Class) -> Response:
    """Return the QR code of the address (SVG)."""
    return Response(render_qr_code(classroom.address), media_type="image/svg+xml")


@teacher_router.post("/projector", status_code=204)
def project(studio: Studio, client: Client, classroom: Class, shown: ProjectorRequest) -> None:
    """Show a dream on the page /projector, or how to join."""
    if shown.dream is not None:
        find_dream(studio, client, shown.dream)
    classroom.project(shown.dream)
    studio.hub.notify()


@teacher_router.post("/{order}", status_code=204)
def command(studio: Studio, order: Annotated[Literal["pause", "resume", "clear"], Path()]) -> None:
    """Pause or resume the queue, or cancel all queued dreams; running ones go on."""
    if order == "pause":
        studio.pool.pause()
    elif order == "resume":
        studio.pool.resume()
    else:
        for job in studio.store.queue():
            studio.store.update(job.id, if_status=(Status.QUEUED,), status=Status.CANCELLED)
        studio.hub.notify()


@teacher_router.delete("/dreams", status_code=204)
def delete_dreams(studio: Studio) -> None:
    """Delete all dreams of the class; those that are running are cancelled, and kept."""
    for job_id in studio.store.ids():
        job = studio.store.get(job_id)
        if job is None or job.is_training:
            continue
        if job.status.active:
            with suppress(HTTPError):  # it has ended in the meantime
                send_command(studio, job, Command("cancel"))
        else:
            studio.store.delete(job.id, studio.folder.delete_job)
    studio.hub.notify()


@teacher_router.delete("/pupils/{number}", status_code=204)
def remove_pupil(studio: Studio, classroom: Class, number: int) -> None:
    """Remove a pupil, whose dreams are kept."""
    classroom.remove(number)
    studio.hub.notify()
