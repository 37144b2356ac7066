"""What several API modules need: the services, the job in the URL, commands to its worker."""

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.services import Services
from puppyslug.studio.workers.protocol import Command

_Result = TypeVar("_Result")

# A worker that has just started a job may not accept commands yet.
SEND_ATTEMPTS = 20
SEND_INTERVAL = 0.05  # seconds


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Studio = Annotated[Services, Depends(_services)]
JobId = Annotated[str, Path(alias="id", max_length=40)]


def find_dream(studio: Studio, job_id: JobId) -> Job:
    """Return the dream in the URL.

    Raises:
        HTTPError: it does not exist.
    """
    job = studio.store.get(job_id)
    if job is None or job.is_training:
        raise HTTPError(404, "that dream does not exist; it may have been deleted")
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


async def run_heavy(
    studio: Services, function: Callable[..., _Result], *arguments: object
) -> _Result:
    """Run a function that needs much CPU or memory in a thread, one request at a time."""
    async with studio.heavy_requests:
        return await run_in_threadpool(function, *arguments)


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
