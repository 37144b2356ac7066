"""The HTTP interface: dreams asked for, watched, steered and fetched."""

import asyncio
import mimetypes
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from puppyslug.errors import RecipeError
from puppyslug.images import recipe_text_in
from puppyslug.recipe.recipe import Recipe, read_settings
from puppyslug.studio import choices
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.jobs.models import Dream, Kind, Shown, ShownLesson, Status
from puppyslug.studio.jobs.storage import BEFORE, FILM, RESULT, THUMBNAIL
from puppyslug.studio.jobs.submission import Asked, check_steering
from puppyslug.studio.jobs.uploads import Upload, read_upload
from puppyslug.studio.services import Services
from puppyslug.studio.workers.protocol import Order
from puppyslug.visualization.atlas import find_atlas
from puppyslug.visualization.atlas.atlas import PICTURE

router = APIRouter(prefix="/api")
NetworkName = Annotated[str, Query(max_length=200)]
LayerName = Annotated[str, Query(max_length=200)]

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
BEAT = 0.2  # seconds from one event to the next, at least
LOOKERS = 1  # requests that are looked at at the same time, so that the page stays quick
TRIES, PAUSE = 20, 0.05  # to reach a worker that has just taken a dream, in seconds
AGAIN = (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED)

looking = asyncio.Semaphore(LOOKERS)


def services(request: Request) -> Services:
    """The studio that a request is for."""
    found: Services = request.app.state.services
    return found


Studio = Annotated[Services, Depends(services)]


Identity = Annotated[str, Path(alias="id", max_length=40)]


def known(studio: Services, identity: str, *, lesson: bool) -> Dream:
    """A dream by what it is called.

    Args:
        studio: whose it is.
        identity: what it is called.
        lesson: whether it has to be a lesson, or must be none.

    Raises:
        RefusedError: there is none.
    """
    dream = studio.store.get(identity)
    if dream is None or (dream.lesson is not None) != lesson:
        what = "lesson" if lesson else "dream"
        raise RefusedError(404, f"there is no such {what}; it may have been deleted")
    return dream


def found(studio: Studio, identity: Identity) -> Dream:
    """The dream that a path names; see ``known``."""
    return known(studio, identity, lesson=False)


Found = Annotated[Dream, Depends(found)]


class Again(BaseModel):
    """How a new dream differs from the one that it is made from.

    Attributes:
        recipe: settings that differ.
        feed: whether to start from the result (dream on) instead of the photo.
        size: the same composition at another size, PX, WxH or full.
        kind: picture, or a film that zooms into the result.
        frames: of a film.
        fps: of a film.
    """

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any] = Field(default_factory=dict)
    feed: bool = False
    size: str | None = None
    kind: Kind = "picture"
    frames: int = 100
    fps: Annotated[float, Field(allow_inf_nan=False)] = 25


@router.post("/dreams", status_code=201)
async def submit(
    studio: Studio,
    request: Request,
    recipe: Annotated[str, Form(description="a recipe, complete or partial, as JSON")] = "{}",
    kind: Annotated[Kind, Form()] = "picture",
    frames: Annotated[int, Form(description="of a zoom")] = 100,
    fps: Annotated[float, Form(description="of a zoom", allow_inf_nan=False)] = 25,
    photo: Annotated[UploadFile | None, File()] = None,
    mask: Annotated[UploadFile | None, File(description="white dreams, black stays")] = None,
    guide: Annotated[list[UploadFile] | None, File()] = None,
) -> Shown:
    """Queue a dream: of a photo, or of noise or clouds where the recipe says so."""
    if not request.headers.get("content-type", "").startswith(FORMS):
        raise RefusedError(415, "send a form, with the recipe's JSON in its field 'recipe'")
    settings = read_settings(recipe)
    studio.submissions.check_room()
    asked = Asked(
        settings,
        kind,
        frames,
        fps,
        await _read(studio, photo),
        await _read(studio, mask),
        [one for sent in guide or [] if (one := await _read(studio, sent))],
    )
    return await _take(studio, asked)


@router.get("/dreams")
def dreams(
    studio: Studio,
    words: Annotated[str, Query(max_length=200, description="in title, objective, network")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
    before: Annotated[str | None, Query(max_length=40, description="id, for older ones")] = None,
) -> list[Shown]:
    """Dreams, newest first."""
    return [studio.shown(one) for one in studio.store.latest(limit, before=before, words=words)]


@router.get("/dreams/{id}")
def dream(studio: Studio, found: Found) -> Shown:
    """One dream."""
    return studio.shown(found)


@router.get("/dreams/{id}/events", response_class=EventSourceResponse)
async def events(studio: Studio, found: Found) -> AsyncIterator[ServerSentEvent]:
    """The dream as it is, whenever something changes, until it has ended."""
    async for event in changes(studio, lambda: studio.show(found.id)):
        yield event


async def changes(
    studio: Services, show: Callable[[], Shown | ShownLesson | None]
) -> AsyncIterator[ServerSentEvent]:
    """What is shown, whenever it changes, until it has ended or is gone; only ever the latest."""
    last = None
    while True:
        news = studio.live.news
        shown = show()
        if shown is None:
            return
        if shown != last:
            yield ServerSentEvent(data=shown)
            last = shown
        if shown.status.ended:
            return
        await news.wait()
        await asyncio.sleep(BEAT)


@router.get("/dreams/{id}/preview", response_class=Response)
def preview(studio: Studio, found: Found) -> Response:
    """The picture as it is now, small (JPEG): first the photo, in the end the thumbnail."""
    data = studio.live.preview(found.id)
    if data:
        return Response(data, media_type="image/jpeg")
    done = (studio.folder.of(found.id) / THUMBNAIL).is_file()
    return _file(studio, found, THUMBNAIL if done else BEFORE)


@router.get("/dreams/{id}/image", response_class=FileResponse)
def image(studio: Studio, found: Found, *, download: bool = False) -> FileResponse:
    """The dream at full size, with its recipe inside (PNG); of a film, its last frame."""
    return _file(studio, found, RESULT, f"{_stem(found)}.dream.png" if download else None)


@router.get("/dreams/{id}/film", response_class=FileResponse)
def film(studio: Studio, found: Found, *, download: bool = False) -> FileResponse:
    """A film (MP4)."""
    return _file(studio, found, FILM, f"{_stem(found)}.dream.mp4" if download else None)


@router.get("/dreams/{id}/before", response_class=FileResponse)
def before(studio: Studio, found: Found) -> FileResponse:
    """What it was dreamt of, upright and no larger than a screen (JPEG)."""
    return _file(studio, found, BEFORE)


@router.get("/dreams/{id}/thumbnail", response_class=FileResponse)
def thumbnail(studio: Studio, found: Found) -> FileResponse:
    """A small picture for the gallery (JPEG)."""
    return _file(studio, found, THUMBNAIL)


@router.get("/dreams/{id}/photo", response_class=FileResponse)
def photo(studio: Studio, found: Found) -> FileResponse:
    """The photo as it was uploaded."""
    if found.photo is None:
        raise RefusedError(404, "that dream started from nothing, not from a photo")
    return _file(studio, found, found.photo.file, found.photo.name)


@router.get("/dreams/{id}/recipe")
def recipe(found: Found) -> dict[str, Any]:
    """The recipe, for a form, the command line's --recipe, or another dream."""
    return found.recipe


@router.post("/dreams/{id}/steer")
def steer(studio: Studio, found: Found, changes: dict[str, Any]) -> Shown:
    """Change objective (or layer, channel, see), step_size, jitter, strength or keep_colours."""
    if found.kind != "picture":
        raise RefusedError(409, "a film cannot be steered; stop it, and make another")
    studio.networks.check(str(found.recipe["network"]))
    give_order(studio, found, Order("steer", check_steering(found, changes)))
    return _shown(studio, found.id)


@router.post("/dreams/{id}/again", status_code=201)
async def again(studio: Studio, found: Found, changed: Again) -> Shown:
    """Queue another dream made from this one: with another seed, larger, dreamt on, as a zoom."""
    asked = Asked(
        changed.recipe,
        changed.kind,
        changed.frames,
        changed.fps,
        parent=found,
        feed=changed.feed,
        enlarged=changed.size,
    )
    return await _take(studio, asked)


@router.post("/dreams/{id}/{order}")
def order(
    studio: Studio,
    found: Found,
    order: Annotated[Literal["pause", "resume", "stop", "cancel", "rerun"], Path()],
) -> Shown:
    """Pause, resume, stop and keep what is there, cancel; or rerun what came to no good end."""
    if order == "rerun":
        fields = {"status": Status.QUEUED, "attempts": 0, "error": "", "ended": None}
        studio.submissions.check_room()
        if studio.store.change(found.id, only=AGAIN, **fields) is None:
            raise RefusedError(
                409, f"that dream is {found.status}; only what went wrong is run again"
            )
        studio.workers.wake()
    elif order == "cancel" and studio.store.change(
        found.id, only=(Status.QUEUED,), status=Status.CANCELLED
    ):
        studio.live.tell()
    else:
        give_order(studio, found, Order(order))
    return _shown(studio, found.id)


@router.delete("/dreams/{id}", status_code=204)
def delete(studio: Studio, found: Found) -> None:
    """Delete a dream and its files."""
    if not studio.store.remove(found.id):
        raise RefusedError(409, "that dream is running; cancel it first")
    studio.folder.remove(found.id)
    studio.live.tell()


@router.post("/recipe")
async def read_recipe(
    studio: Studio, dream: Annotated[UploadFile, File()]
) -> dict[str, Any] | None:
    """The recipe inside a dream of anywhere, checked; null for a picture that carries none."""
    upload = await _read(studio, dream)
    assert upload is not None
    try:
        text = recipe_text_in(upload.data, upload.name)
    except RecipeError:
        return None
    studio.networks.check(str(read_settings(text).get("network", "")))
    return (await run_in_threadpool(Recipe.from_json, text)).as_settings()


@router.get("/networks")
def networks(studio: Studio) -> list[dict[str, Any]]:
    """Every network, whether it is here, its layers, lowest first, and what it was taught here."""
    return choices.networks(studio.networks.specs())


@router.get("/labels")
def labels(
    studio: Studio,
    q: Annotated[str, Query(max_length=100, description="a word, or a part of one")] = "",
    network: Annotated[str, Query(max_length=200)] = "efficientnet_lite0",
    limit: Annotated[int, Query(ge=1, le=2000)] = 20,
) -> list[dict[str, Any]]:
    """Things to see, the best first."""
    studio.networks.check(network)
    return choices.labels(q, network, limit)


@router.get("/atlas")
def atlas(
    network: NetworkName,
    layer: LayerName,
    q: Annotated[str, Query(max_length=100, description="what they should look like")] = "",
) -> dict[str, Any]:
    """What is known of the portraits of a layer; their places are those in its picture."""
    return choices.atlas(network, layer, q)


@router.get("/atlas/portraits")
def portraits(network: NetworkName, layer: LayerName) -> FileResponse:
    """One picture with the portraits of a layer, row by row."""
    path = find_atlas(network, layer).folder / PICTURE
    if not path.is_file():
        raise RefusedError(404, "the portraits are missing; build the atlas again")
    return FileResponse(path, media_type="image/webp", headers={"Cache-Control": "max-age=3600"})


@router.get("/settings")
def settings(studio: Studio) -> dict[str, Any]:
    """Presets, the recipe's fields with their help and bounds, and this studio's limits."""
    return {
        "presets": choices.presets(),
        "fields": choices.fields(),
        "limits": {**vars(studio.limits)},
    }


async def _read(studio: Services, sent: UploadFile | None) -> Upload | None:
    if sent is None:
        return None
    data = await sent.read()
    async with looking:
        return await run_in_threadpool(
            read_upload, sent.filename or "", data, most=studio.limits.photo
        )


async def _take(studio: Services, asked: Asked) -> Shown:
    async with looking:
        dream = await run_in_threadpool(studio.submissions.take, asked)
    studio.workers.wake()
    return studio.shown(dream)


def _shown(studio: Services, identity: str) -> Shown:
    shown = studio.show(identity)
    if shown is None:
        raise RefusedError(404, "that dream has just been deleted")
    return shown


def give_order(studio: Services, dream: Dream, order: Order) -> None:
    """Tell the worker that has a dream, also one that has just taken it."""
    for _ in range(TRIES):
        if studio.workers.order(dream.id, order):
            return
        now = studio.store.get(dream.id)
        if now is None or not now.status.active:
            status = "gone" if now is None else now.status
            raise RefusedError(409, f"that dream is {status}; only a running one takes orders")
        time.sleep(PAUSE)
    raise RefusedError(409, "that dream does not answer yet; try again")


def _stem(dream: Dream) -> str:
    return dream.title.rpartition(".")[0] or dream.title


def _file(studio: Services, dream: Dream, name: str, saved: str | None = None) -> FileResponse:
    """A file of a dream; with a name to save it by, as a download."""
    path = studio.folder.of(dream.id) / name
    if not path.is_file():
        raise RefusedError(404, "that picture is not there yet")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(path, filename=saved, media_type=kind)
