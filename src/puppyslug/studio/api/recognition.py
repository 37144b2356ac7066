"""The HTTP API of what a network sees: the classes of a picture, and where it sees one of them."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Query, UploadFile
from fastapi.responses import Response

from puppyslug.networks import find_spec
from puppyslug.recipe.defaults import CLASSIFIER
from puppyslug.studio.api.dependencies import Client, Studio, find_dream, run_untrusted
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import (
    BEFORE_FILE,
    RESULT_FILE,
    START_FILE,
    THUMBNAIL_FILE,
)
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import Visitor
from puppyslug.studio.workers.recogniser import RecognitionRequest

router = APIRouter(prefix="/api")
Dream = Annotated[Job, Depends(find_dream)]
Picture = Annotated[
    Literal["before", "after"], Query(description="the starting picture, or the dream so far")
]
Network = Annotated[
    str, Query(max_length=200, description="network with classes; default: the dream's, if it has")
]
_FILES = {"before": (BEFORE_FILE, START_FILE), "after": (RESULT_FILE, THUMBNAIL_FILE)}


@router.get("/dreams/{id}/seen")
async def get_classes(
    studio: Studio,
    client: Client,
    job: Dream,
    picture: Picture = "after",
    network: Network = "",
) -> dict[str, Any]:
    """Return the classes that a network sees in a dream, the most probable first."""
    result: dict[str, Any] = await _recognise(studio, client, job, picture, (network, None))
    return result


@router.get("/dreams/{id}/seen/{number}", response_class=Response)
async def get_map(
    studio: Studio,
    client: Client,
    job: Dream,
    number: Annotated[int, Path(ge=0, le=100_000)],
    picture: Picture = "after",
    network: Network = "",
) -> Response:
    """Return the picture with the parts that look like a class highlighted (JPEG)."""
    data = await _recognise(studio, client, job, picture, (network, number))
    return Response(data, media_type="image/jpeg")


@router.post("/seen")
async def classify_upload(
    studio: Studio,
    client: Client,
    photo: Annotated[UploadFile, File()],
    network: Annotated[str, Form(max_length=200)] = CLASSIFIER,
) -> dict[str, Any]:
    """Return the classes that a network sees in an uploaded picture."""
    decode = partial(studio.sandbox.decode_upload, max_pixels=studio.limits.photo)
    async with studio.heavy_requests.turn(client.owner):
        upload = await run_untrusted(decode, photo.filename or "", await photo.read())

    def classify() -> dict[str, Any]:
        request = _request(studio, upload.thumbnail, network)
        result: dict[str, Any] = studio.recogniser.run(request, studio.hub.is_closed)
        return result

    async with studio.recognitions.turn(client.owner):
        return await run_untrusted(classify)


async def _recognise(
    studio: Services, client: Visitor, job: Job, picture: str, asked: tuple[str, int | None]
) -> Any:
    """Recognise a picture of a dream. Requests wait here, so that they block no threads.

    ``asked`` is the name of the network, and the number of the class to map, or None.
    """
    network, number = asked

    def run() -> Any:
        name = network or _classifier(studio, job)
        request = _request(studio, _read(studio, job, picture), name)
        return studio.recogniser.run(request._replace(map_class=number), studio.hub.is_closed)

    async with studio.recognitions.turn(client.owner):
        return await run_untrusted(run)


def _read(studio: Services, job: Job, picture: str) -> bytes:
    """Return the file of a picture of a dream; of a running one, the latest preview."""
    if picture == "after" and (preview := studio.hub.preview(job.id)):
        return preview
    for file in _FILES[picture]:
        path = studio.folder.find_file(job.id, file)
        if path is not None:
            return path.read_bytes()
    raise HTTPError(404, "that dream has no such picture yet; wait until it has started")


def _classifier(studio: Services, job: Job) -> str:
    """Return the network of a dream if it has classes, else the default classifier."""
    name = str(job.recipe["network"])
    if "+" in name:
        return CLASSIFIER
    studio.networks.register_used(name)
    return name if find_spec(name).classes else CLASSIFIER


def _request(studio: Services, data: bytes, network: str) -> RecognitionRequest:
    studio.networks.register_used(network)
    if not find_spec(network).classes:
        raise HTTPError(422, f"{network[:80]} has no classes; choose a network with classes")
    path = studio.networks.find(network)
    version = path.stat().st_mtime if path is not None else 0.0
    return RecognitionRequest(data, network, studio.networks.folder, version)
