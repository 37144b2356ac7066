"""What one pupil of a class may use of the queue and of the disk."""

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.limits import PupilLimits

RETRY_AFTER = 10  # seconds


def check_new_dream(store: JobStore, owner: str, limits: PupilLimits, *, trial: bool) -> None:
    """Check that a pupil may queue another dream.

    Args:
        store: job store.
        owner: id of the pupil's browser.
        limits: what a pupil may use.
        trial: whether the dream is a trial.

    Raises:
        HTTPError: the pupil has too many queued dreams, or too many pictures.
    """
    limit = limits.trials if trial else limits.queued
    own = [job for job in store.queue() if job.owner == owner and job.trial == trial]
    if len(own) >= limit:
        raise HTTPError(
            429,
            f"{limit} of your dreams are waiting already; wait until one has started, or cancel "
            "one",
            retry_after=RETRY_AFTER,
        )
    if store.total_bytes(owner=owner) >= limits.bytes:
        raise HTTPError(
            413, f"your dreams take {limits.bytes / 1e6:g} MB, the limit; delete some of them"
        )


def check_pause(store: JobStore, owner: str, limits: PupilLimits) -> None:
    """Check that a pupil may pause another dream.

    Raises:
        HTTPError: the pupil has paused one already.
    """
    own = [job for job in store.with_status(Status.PAUSED) if job.owner == owner]
    if len(own) >= limits.paused:
        raise HTTPError(409, "you have paused another dream already; resume or stop that one")
