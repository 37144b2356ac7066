"""The HTTP API of tags and favourites."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from puppyslug.studio.api.dependencies import Client, Studio, find_own_dream
from puppyslug.studio.api.request_models import RequestModel
from puppyslug.studio.jobs.models import DreamView
from puppyslug.studio.jobs.tags import MAX_TAGS, TagEditor

router = APIRouter(prefix="/api/tags")
MAX_DREAMS = 100

Tags = Annotated[list[str], Field(default_factory=list, max_length=MAX_TAGS)]


class TagChanges(RequestModel):
    """How several dreams change.

    Attributes:
        dreams: ids of the dreams.
        add: tags that they get.
        remove: tags that they lose, if they have them.
        favourite: whether they are favourites; null to leave that as it is.
    """

    dreams: Annotated[list[str], Field(min_length=1, max_length=MAX_DREAMS)]
    add: Tags
    remove: Tags
    favourite: bool | None = None


class TagCount(BaseModel):
    """A tag.

    Attributes:
        name: the tag.
        count: number of dreams that have it.
    """

    name: str
    count: int


@router.get("")
def list_tags(studio: Studio, client: Client) -> list[TagCount]:
    """List the tags of the dreams that the client may control, in alphabetical order."""
    counts = studio.store.count_tags(None if client.controls_all else client.owner)
    names = sorted(counts, key=lambda name: (name.casefold(), name))
    return [TagCount(name=name, count=counts[name]) for name in names]


@router.post("")
def edit_tags(studio: Studio, client: Client, changes: TagChanges) -> list[DreamView]:
    """Add and remove tags of dreams, and make them favourites or not."""
    dreams = [find_own_dream(studio, client, job_id) for job_id in dict.fromkeys(changes.dreams)]
    edited = TagEditor(studio.store).edit(
        dreams, add=changes.add, remove=changes.remove, favourite=changes.favourite
    )
    studio.hub.notify()
    return [studio.view_dream(job, client) for job in edited]
