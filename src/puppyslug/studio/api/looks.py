"""The HTTP API of saved looks: the settings of a dream under a name, with its picture."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse
from pydantic import Field

from puppyslug.studio.api.dependencies import Client, Studio, find_dream
from puppyslug.studio.api.request_models import RequestModel
from puppyslug.studio.api.stored_files import GuideNumber, find_guide, send_file
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import THUMBNAIL_FILE
from puppyslug.studio.jobs.saved_looks import MISSING_LOOK, SavedLook, SavedLooks
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import Visitor

router = APIRouter(prefix="/api/looks")


class NewLook(RequestModel):
    """A look to save.

    Attributes:
        dream: id of the dream whose settings it keeps.
        name: its name.
    """

    dream: str
    name: str


class LookChanges(RequestModel):
    """Changes of a saved look.

    Attributes:
        name: its new name.
    """

    name: str


def _find_look(
    studio: Studio, client: Client, look_id: Annotated[str, Path(alias="id")]
) -> SavedLook:
    look = SavedLooks(studio.folder).find(look_id)
    if not client.may_see(look):
        raise HTTPError(404, MISSING_LOOK)
    return look


Look = Annotated[SavedLook, Depends(_find_look)]


def _find_own_look(client: Client, look: Look) -> SavedLook:
    if not client.may_control(look):
        raise HTTPError(403, "that look belongs to somebody else")
    return look


OwnLook = Annotated[SavedLook, Depends(_find_own_look)]


class LookView(SavedLook):
    """A saved look as the API shows it."""

    owner: str = Field("", exclude=True)


def _view(look: SavedLook) -> LookView:
    return LookView(**dict(look))


def list_own_looks(studio: Services, client: Visitor) -> list[SavedLook]:
    """Return the looks that a visitor may control, oldest first."""
    return [look for look in SavedLooks(studio.folder).list_all() if client.may_control(look)]


@router.get("")
def list_looks(studio: Studio, client: Client) -> list[LookView]:
    """List the client's saved looks, oldest first."""
    return [_view(look) for look in list_own_looks(studio, client)]


@router.post("", status_code=201)
def save_look(studio: Studio, client: Client, new: NewLook) -> LookView:
    """Save the settings of a dream that is done as a look, with its thumbnail."""
    dream = find_dream(studio, client, new.dream)
    return _view(SavedLooks(studio.folder).save(dream, new.name, client.owner))


@router.patch("/{id}")
def rename_look(studio: Studio, look: OwnLook, changes: LookChanges) -> LookView:
    """Rename a saved look."""
    return _view(SavedLooks(studio.folder).rename(look, changes.name))


@router.delete("/{id}", status_code=204)
def delete_look(studio: Studio, look: OwnLook) -> None:
    """Delete a saved look."""
    SavedLooks(studio.folder).delete(look)


@router.get("/{id}/thumbnail", response_class=FileResponse)
def get_thumbnail(studio: Studio, look: Look) -> FileResponse:
    """Return a small picture of the dream that a look was saved from (JPEG)."""
    return send_file(SavedLooks(studio.folder).find_file(look, THUMBNAIL_FILE))


@router.get("/{id}/guides/{number}", response_class=FileResponse)
def get_guide(studio: Studio, look: Look, number: GuideNumber) -> FileResponse:
    """Return a guide picture of a look; they are counted from 1."""
    guide = find_guide(look.guides, number, "look")
    return send_file(SavedLooks(studio.folder).find_file(look, guide.file), guide.name)
