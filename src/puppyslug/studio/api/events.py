"""Server-sent events: the view of a job whenever it changes."""

from collections.abc import AsyncIterator, Callable

from fastapi.sse import ServerSentEvent

from puppyslug.studio.jobs.models import DreamView, TrainingJobView
from puppyslug.studio.jobs.progress_hub import ProgressHub


async def stream_changes(
    hub: ProgressHub, read: Callable[[], DreamView | TrainingJobView | None]
) -> AsyncIterator[ServerSentEvent]:
    """Yield the view of a job whenever it changes, until the job has ended or is deleted.

    A slow client gets the latest view only.

    Args:
        hub: notifies of changes.
        read: returns the current view; None for a deleted job.
    """
    previous = None
    async for _ in hub.subscribe():
        view = read()
        if view is None:
            return
        if view != previous:
            yield ServerSentEvent(data=view)
            previous = view
        if view.status.ended:
            return
