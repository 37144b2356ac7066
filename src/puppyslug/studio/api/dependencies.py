"""What several API modules need: the services, the job in the URL, commands to its worker."""

import logging
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

from fastapi import Depends, Path
from fastapi.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from puppyslug.errors import PuppyslugError
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import Visitor, identify
from puppyslug.studio.workers.protocol import Command

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

# A worker that has just started a job may not accept commands yet.
SEND_ATTEMPTS = 20
SEND_INTERVAL = 0.05  # seconds


def _services(request: HTTPConnection) -> Services:
    services: Services = request.app.state.services
    return services


def _visitor(request: HTTPConnection) -> Visitor:
    classroom = _services(request).classroom
    return identify(request, shared=request.app.state.shared, classroom=classroom)


Studio = Annotated[Services, Depends(_services)]
Client = Annotated[Visitor, Depends(_visitor)]
JobId = Annotated[str, Path(alias="id", max_length=40)]


def find_dream(studio: Studio, client: Client, job_id: JobId) -> Job:
    """Return the dream in the URL.

    Raises:
        HTTPError: it does not exist, or the client may not see it.
    """
    job = studio.store.get(job_id)
    if job is None or job.is_training or not client.may_see(job):
        raise HTTPError(404, "that dream does not exist; it may have been deleted")
    return job


def find_own_dream(studio: Studio, client: Client, job_id: JobId) -> Job:
    """Return the dream in the URL, which the client wants to control.

    Raises:
        HTTPError: it does not exist, or belongs to somebody else.
    """
    return _check_owner(find_dream(studio, client, job_id), client)


def find_own_training_job(studio: Studio, client: Client, job_id: JobId) -> Job:
    """Return the training job in the URL, which the client wants to control.

    Raises:
        HTTPError: it does not exist, or belongs to somebody else.
    """
    return _check_owner(find_training_job(studio, job_id), client)


def _check_owner(job: Job, client: Visitor) -> Job:
    if not client.may_control(job):
        what = "training job" if job.is_training else "dream"
        raise HTTPError(403, f"that {what} belongs to somebody else; you can only look at it")
    return job


def find_training_job(studio: Studio, job_id: JobId) -> Job:
    """Return the training job in the URL.

    Raises:
        HTTPError: it does not exist.
    """
    job = studio.store.get(job_id)
    if job is None or not job.is_training:
        raise HTTPError(404, "that training job does not exist; it may have been deleted")
    return job


def forbid_pupils(client: Client) -> None:
    """Refuse what only the teacher of a class may do.

    Raises:
        HTTPError: the client is a pupil.
    """
    if not client.sees_all:
        raise HTTPError(403, "only the teacher can do that in this class")


async def run_untrusted(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Run a function of untrusted input in a thread; see ``reject_unexpected``."""

    def run() -> _Result:
        with reject_unexpected():
            return function(*arguments)

    return await run_in_threadpool(run)


@contextmanager
def reject_unexpected() -> Iterator[None]:
    """Turn any error into the rejection of the request, whose input is untrusted.

    Errors with a status of their own, and those of disk and database, remain as they are.

    Raises:
        HTTPError: an error that is none of these; the log says where it was raised.
    """
    try:
        yield
    except (PuppyslugError, OSError, sqlite3.Error):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.warning("rejected a request: %r in %s:%s", error, place.filename, place.lineno)
        text = " ".join(str(error).split())[:200]
        raise HTTPError(
            422, f"the request cannot be processed ({type(error).__name__}: {text}); change it"
        ) from error


def send_command(studio: Services, job: Job, command: Command) -> None:
    """Send a command to the worker that processes a job.

    Raises:
        HTTPError: no worker processes the job.
    """
    for _ in range(SEND_ATTEMPTS):
        if studio.pool.send(job.id, command):
            return
        current = studio.store.get(job.id)
        if current is None or not current.status.active:
            status = "deleted" if current is None else current.status
            raise HTTPError(409, f"that job is {status}; {command.name} needs a running one")
        time.sleep(SEND_INTERVAL)
    raise HTTPError(409, "the worker of that job does not respond yet; try again")
