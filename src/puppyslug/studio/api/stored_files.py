"""Responses that send stored files, such as the guide pictures of dreams and of saved looks."""

import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from puppyslug.recipe.fields import MAX_GUIDES
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import StoredFile

GuideNumber = Annotated[int, PathParameter(ge=1, le=MAX_GUIDES)]


def find_guide(guides: Sequence[StoredFile], number: int, owner: str) -> StoredFile:
    """Return a guide picture by its number.

    Args:
        guides: the guide pictures.
        number: counted from 1.
        owner: what has them, for the error: dream or look.

    Raises:
        HTTPError: there are fewer.
    """
    if number > len(guides):
        raise HTTPError(404, f"that {owner} has no guide picture number {number}")
    return guides[number - 1]


def send_file(path: Path, download_name: str | None = None) -> FileResponse:
    """Return a stored file, as a download if a file name is given."""
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, filename=download_name, media_type=media_type)
