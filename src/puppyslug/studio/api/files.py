"""The HTTP API of a dream's files: previews, results and uploads."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from puppyslug.studio.api.dependencies import Studio, find_dream
from puppyslug.studio.api.stored_files import GuideNumber, find_guide, send_file
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import (
    BEFORE_FILE,
    FILM_FILE,
    RESULT_FILE,
    START_FILE,
    THUMBNAIL_FILE,
)
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.services import Services

router = APIRouter(prefix="/api/dreams/{id}")
Dream = Annotated[Job, Depends(find_dream)]


@router.get("/preview", response_class=Response)
def get_preview(studio: Studio, job: Dream) -> Response:
    """Return the current picture, small (JPEG): the start, a preview, or the thumbnail."""
    data = studio.hub.preview(job.id)
    if data:
        return Response(data, media_type="image/jpeg")
    done = studio.folder.find_file(job.id, THUMBNAIL_FILE) is not None
    return _file_response(studio, job, THUMBNAIL_FILE if done else BEFORE_FILE)


@router.get("/image", response_class=FileResponse)
def get_image(studio: Studio, job: Dream, *, download: bool = False) -> FileResponse:
    """Return the result at full size, with its recipe (PNG); the last frame of a film."""
    name = f"{_stem(job)}.dream.png" if download else None
    return _file_response(studio, job, RESULT_FILE, name)


@router.get("/film", response_class=FileResponse)
def get_film(studio: Studio, job: Dream, *, download: bool = False) -> FileResponse:
    """Return the film (MP4)."""
    name = f"{_stem(job)}.dream.mp4" if download else None
    return _file_response(studio, job, FILM_FILE, name)


@router.get("/before", response_class=FileResponse)
def get_before(studio: Studio, job: Dream) -> FileResponse:
    """Return the starting picture, upright and at screen size (JPEG)."""
    return _file_response(studio, job, BEFORE_FILE)


@router.get("/thumbnail", response_class=FileResponse)
def get_thumbnail(studio: Studio, job: Dream) -> FileResponse:
    """Return a small picture for the gallery (JPEG): the result, or the starting picture."""
    exists = partial(studio.folder.find_file, job.id)
    file = next(filter(exists, (THUMBNAIL_FILE, BEFORE_FILE, START_FILE)), THUMBNAIL_FILE)
    return _file_response(studio, job, file)


@router.get("/photo", response_class=FileResponse)
def get_photo(studio: Studio, job: Dream) -> FileResponse:
    """Return the uploaded photo, unchanged."""
    if job.photo is None:
        raise HTTPError(404, "that dream has no photo; it started from noise or clouds")
    return _file_response(studio, job, job.photo.file, job.photo.name)


@router.get("/mask", response_class=FileResponse)
def get_mask(studio: Studio, job: Dream) -> FileResponse:
    """Return the uploaded mask, unchanged."""
    if job.mask is None:
        raise HTTPError(404, "that dream has no mask picture")
    return _file_response(studio, job, job.mask.file, job.mask.name)


@router.get("/guides/{number}", response_class=FileResponse)
def get_guide(studio: Studio, job: Dream, number: GuideNumber) -> FileResponse:
    """Return an uploaded guide picture, unchanged; they are counted from 1."""
    guide = find_guide(job.guides, number, "dream")
    return _file_response(studio, job, guide.file, guide.name)


def _stem(job: Job) -> str:
    return job.title.rpartition(".")[0] or job.title


def _file_response(
    studio: Services, job: Job, file: str, download_name: str | None = None
) -> FileResponse:
    """Return a file of a job, as a download if a file name is given."""
    path = studio.folder.find_file(job.id, file)
    if path is None:
        raise HTTPError(404, f"{file} does not exist yet; wait until the dream has written it")
    return send_file(path, download_name)
