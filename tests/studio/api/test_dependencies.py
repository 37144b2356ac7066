"""Commands to the worker of a job, with a fake pool."""

from functools import partial
from types import SimpleNamespace

import pytest

from puppyslug.studio.api import dependencies
from puppyslug.studio.api.dependencies import find_dream, find_training_job, send_command
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.submission import Submission
from puppyslug.studio.visitors import Visitor
from puppyslug.studio.workers.protocol import Command
from support.studios import QUICK


class FakePool:
    """Accepts a command at the given attempt."""

    def __init__(self, accepts_at):
        self.accepts_at = accepts_at
        self.attempts = 0

    def send(self, job_id, command):
        self.attempts += 1
        return self.attempts == self.accepts_at


@pytest.fixture
def running(services, monkeypatch):
    monkeypatch.setattr(dependencies, "SEND_INTERVAL", 0)
    services.dreams.submit(Submission(QUICK))
    return services.store.start_next()


def test_a_command_is_repeated_until_the_worker_has_started_the_job(services, running):
    pool = FakePool(accepts_at=3)
    send_command(SimpleNamespace(pool=pool, store=services.store), running, Command("stop"))
    assert pool.attempts == 3


@pytest.mark.parametrize("status", [Status.QUEUED, Status.DONE, Status.RUNNING])
def test_a_command_that_no_worker_accepts_is_rejected(services, running, status):
    services.store.update(running.id, status=status)
    pool = FakePool(accepts_at=-1)
    with pytest.raises(HTTPError) as raised:
        send_command(SimpleNamespace(pool=pool, store=services.store), running, Command("stop"))
    assert raised.value.status == 409
    assert status is Status.RUNNING or status in str(raised.value)


def test_jobs_are_found_by_kind(services, running):
    training_job = services.training.create()
    assert find_dream(services, Visitor(), running.id) == running
    assert find_training_job(services, training_job.id) == training_job
    for find, job_id in (
        (partial(find_dream, services, Visitor()), training_job.id),
        (partial(find_dream, services, Visitor()), "nothing"),
        (partial(find_dream, services, Visitor("b", sees_all=False)), running.id),
        (partial(find_training_job, services), running.id),
        (partial(find_training_job, services), "nothing"),
    ):
        with pytest.raises(HTTPError) as raised:
            find(job_id)
        assert raised.value.status == 404
