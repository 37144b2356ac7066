"""The HTTP interface of lessons: things and pictures in, a network and a report out."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Path, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from puppyslug.studio.api.dreams import Identity, Studio, changes, give_order, known, looking
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.jobs.models import Dream, ShownLesson, ShownThing, Status, StoredFile
from puppyslug.studio.jobs.storage import REPORT
from puppyslug.studio.jobs.training_classes import small
from puppyslug.studio.jobs.uploads import read_picture
from puppyslug.studio.workers.protocol import Order

router = APIRouter(prefix="/api")
Name = Annotated[str, Field(max_length=300)]
File_ = Annotated[str, Path(alias="file", max_length=200)]
# the report is a page of its own, which may do nothing but be looked at
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def found(studio: Studio, identity: Identity) -> Dream:
    """The lesson that a path names; see ``known``."""
    return known(studio, identity, lesson=True)


Found = Annotated[Dream, Depends(found)]


class Named(BaseModel):
    """What a lesson is about; what is left out stays as it is.

    Attributes:
        name: of the network.
        base: the network that learns.
        seed: of the lesson.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    base: Name | None = None
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class Called(BaseModel):
    """What a thing is called; empty for nothing yet."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""


class Kept(BaseModel):
    """A picture of a thing.

    Attributes:
        file: what it is called here.
        name: what its sender calls it.
        thing: number of the thing.
        width: in pixels, upright.
        height: likewise.
    """

    file: str
    name: str
    thing: int
    width: int
    height: int


@router.post("/lessons", status_code=201)
def begin(studio: Studio, named: Named | None = None) -> ShownLesson:
    """Begin a lesson; nothing is taught before it is asked for."""
    lesson = studio.lessons.begin()
    try:
        lesson = studio.lessons.name(lesson.id, _given(named or Named()))
    except BaseException:
        studio.store.remove(lesson.id)
        studio.folder.remove(lesson.id)
        raise
    return studio.shown_lesson(lesson)


@router.get("/lessons")
def lessons(studio: Studio) -> list[ShownLesson]:
    """All lessons, newest first."""
    return [studio.shown_lesson(one) for one in studio.store.lessons()]


@router.get("/lessons/{id}")
def lesson(studio: Studio, found: Found) -> ShownLesson:
    """One lesson."""
    return studio.shown_lesson(found)


@router.patch("/lessons/{id}")
def name(studio: Studio, found: Found, named: Named) -> ShownLesson:
    """Name the network, or choose what learns."""
    return studio.shown_lesson(studio.lessons.name(found.id, _given(named)))


@router.delete("/lessons/{id}", status_code=204)
def delete(studio: Studio, found: Found) -> None:
    """Delete a lesson, its pictures and its report; its network stays."""
    if not studio.store.remove(found.id):
        raise RefusedError(409, "that lesson is running; cancel it first")
    studio.folder.remove(found.id)
    studio.live.tell()


@router.post("/lessons/{id}/things", status_code=201)
def add_thing(studio: Studio, found: Found, called: Called) -> ShownThing:
    """Another thing to teach; one called none is of no thing."""
    thing = studio.lessons.add_thing(found.id, called.name)
    return ShownThing(number=thing.number, name=thing.name, count=0)


@router.patch("/lessons/{id}/things/{number}")
def name_thing(studio: Studio, found: Found, number: int, called: Called) -> ShownLesson:
    """Call a thing something else."""
    return studio.shown_lesson(studio.lessons.name_thing(found.id, number, called.name))


@router.delete("/lessons/{id}/things/{number}")
def remove_thing(studio: Studio, found: Found, number: int) -> ShownLesson:
    """Forget a thing, and delete its pictures."""
    return studio.shown_lesson(studio.lessons.remove_thing(found.id, number))


@router.get("/lessons/{id}/pictures")
def pictures(found: Found) -> list[Kept]:
    """The pictures of all things."""
    assert found.lesson is not None
    return [
        _kept(picture, thing.number) for thing in found.lesson.things for picture in thing.pictures
    ]


@router.post("/lessons/{id}/things/{number}/pictures", status_code=201)
async def add_pictures(
    studio: Studio, found: Found, number: int, picture: Annotated[list[UploadFile], File()]
) -> list[Kept]:
    """Pictures of a thing, twelve in a request at most; those before one that is refused stay."""
    return [_kept(await _keep(studio, found.id, number, one), number) for one in picture]


@router.get("/lessons/{id}/things/{number}/pictures/{file}")
def thumbnail(studio: Studio, found: Found, number: int, file: File_) -> FileResponse:
    """A picture of a thing, small (JPEG)."""
    assert found.lesson is not None
    picture = studio.lessons.picture(found.lesson, number, file)
    path = studio.lessons.home(found.id, number) / small(picture.file)
    if not path.is_file():
        raise RefusedError(404, "that picture is gone")
    headers = {"Cache-Control": "private, max-age=3600"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)


@router.delete("/lessons/{id}/things/{number}/pictures/{file}", status_code=204)
def remove_picture(studio: Studio, found: Found, number: int, file: File_) -> None:
    """Delete a picture of a thing."""
    studio.lessons.remove_picture(found.id, number, file)


@router.post("/lessons/{id}/teach")
def teach(studio: Studio, found: Found) -> ShownLesson:
    """Queue a lesson; also one that came to no good end, or has changed."""
    studio.submissions.check_room()
    studio.lessons.ask(found.id)
    studio.workers.wake()
    return _again(studio, found.id)


@router.post("/lessons/{id}/{order}")
def order(
    studio: Studio, found: Found, order: Annotated[str, Path(pattern="^(stop|cancel)$")]
) -> ShownLesson:
    """Stop and keep what was learnt so far, or leave out the report; or cancel."""
    cancelled = order == "cancel" and studio.store.change(
        found.id, only=(Status.QUEUED,), status=Status.CANCELLED
    )
    if cancelled:
        studio.live.tell()
    else:
        give_order(studio, found, Order(order))
    return _again(studio, found.id)


@router.get("/lessons/{id}/events", response_class=EventSourceResponse)
async def events(studio: Studio, found: Found) -> AsyncIterator[ServerSentEvent]:
    """The lesson as it is, whenever something changes, until it has ended."""
    async for event in changes(studio, lambda: studio.show_lesson(found.id)):
        yield event


@router.get("/lessons/{id}/report", response_class=FileResponse)
def report(studio: Studio, found: Found) -> FileResponse:
    """How well it learnt, as a page."""
    path = studio.folder.of(found.id) / REPORT
    if not path.is_file():
        raise RefusedError(404, "there is no report of that lesson")
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(path, media_type="text/html", headers=headers)


@router.get("/networks/{name}", response_class=FileResponse)
def network(studio: Studio, name: Annotated[str, Path(max_length=200)]) -> FileResponse:
    """The file of a network that was taught here, for the command line."""
    path = studio.networks.path(name)
    if path is None:
        raise RefusedError(404, f"no network {name[:80]} was taught here")
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")


@router.delete("/networks/{name}", status_code=204)
def remove_network(studio: Studio, name: Annotated[str, Path(max_length=200)]) -> None:
    """Delete a network that was taught here; the pictures that it was taught with stay."""
    if not studio.networks.remove(name):
        raise RefusedError(404, f"no network {name[:80]} was taught here")


async def _keep(studio: Studio, identity: str, number: int, sent: UploadFile) -> StoredFile:
    data = await sent.read()

    def keep() -> StoredFile:
        upload, picture = read_picture(sent.filename or "", data, most=studio.limits.photo)
        return studio.lessons.add_picture(identity, number, upload, picture)

    async with looking:
        return await run_in_threadpool(keep)


def _given(named: Named) -> dict[str, Any]:
    return named.model_dump(exclude_none=True)


def _again(studio: Studio, identity: str) -> ShownLesson:
    return studio.shown_lesson(found(studio, identity))


def _kept(picture: StoredFile, thing: int) -> Kept:
    height, width = picture.size
    return Kept(file=picture.file, name=picture.name, thing=thing, width=width, height=height)
