"""Server-sent events: what happens in the studio, and the view of a job whenever it changes."""

from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from puppyslug.studio.api.dependencies import Client, Studio
from puppyslug.studio.jobs.models import DreamView, TrainingJobView
from puppyslug.studio.jobs.progress_hub import ProgressHub

router = APIRouter(prefix="/api")


@router.get("/events", response_class=EventSourceResponse)
async def stream_activity(studio: Studio, client: Client) -> AsyncIterator[ServerSentEvent]:
    """Stream the queue and the progress of all jobs that the client may see, when they change."""

    def describe() -> str:
        feed = studio.class_activity
        return studio.activity.describe() if feed is None else feed.describe(client)

    previous = ""
    async for _ in studio.hub.subscribe():
        text = await run_in_threadpool(describe)
        if text != previous:
            yield ServerSentEvent(raw_data=text)
            previous = text


async def stream_changes(
    hub: ProgressHub, read: Callable[[], DreamView | TrainingJobView | None]
) -> AsyncIterator[ServerSentEvent]:
    """Yield the view of a job whenever it changes, until the job has ended or is deleted.

    A slow client gets the latest view only.

    Args:
        hub: notifies of changes.
        read: returns the current view; None for a deleted job.
    """
    previous = ""
    async for _ in hub.subscribe():
        view, text = await run_in_threadpool(_read_json, read)
        if view is None:
            return
        if text != previous:
            yield ServerSentEvent(raw_data=text)
            previous = text
        if view.status.ended:
            return


def _read_json(
    read: Callable[[], DreamView | TrainingJobView | None],
) -> tuple[DreamView | TrainingJobView | None, str]:
    """Read a view and write it as JSON, which takes a while for a long recipe."""
    view = read()
    return view, "" if view is None else view.model_dump_json()
