"""The HTTP API that downloads the results of several dreams as one file."""

import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import FileResponse

from puppyslug.studio.api.dependencies import Client, Studio, find_dream
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import FILM_FILE, RESULT_FILE

router = APIRouter(prefix="/api")
MAX_DREAMS = 100


@router.get("/download", response_class=FileResponse)
def download(
    studio: Studio,
    client: Client,
    background: BackgroundTasks,
    ids: Annotated[
        list[str], Query(alias="id", min_length=1, max_length=MAX_DREAMS, description="dreams")
    ],
) -> FileResponse:
    """Return a ZIP file with the pictures and films of dreams; those without a result are left out.

    The files are named after the photos, and numbered where two have the same name.
    """
    with tempfile.NamedTemporaryFile(
        dir=studio.folder.path, prefix="download-", suffix=".zip", delete=False
    ) as target:
        path = Path(target.name)
        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
                for job_id in dict.fromkeys(ids):
                    _add_dream(studio, client, archive, job_id)
                is_empty = not archive.namelist()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    if is_empty:
        path.unlink(missing_ok=True)
        raise HTTPError(409, "none of these dreams has a result yet; wait until they are done")
    background.add_task(path.unlink, missing_ok=True)
    return FileResponse(
        path, filename="dreams.zip", media_type="application/zip", background=background
    )


def _add_dream(studio: Studio, client: Client, archive: zipfile.ZipFile, job_id: str) -> None:
    job = find_dream(studio, client, job_id)
    file = FILM_FILE if job.kind == "zoom" else RESULT_FILE
    source = studio.folder.find_file(job.id, file)
    if source is None:
        return
    stem = job.title.rpartition(".")[0] or job.title
    names, number = set(archive.namelist()), 1
    name = f"{stem}.dream{source.suffix}"
    while name in names:
        number += 1
        name = f"{stem}.dream-{number}{source.suffix}"
    archive.write(source, name)
