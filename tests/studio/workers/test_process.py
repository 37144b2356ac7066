"""A real worker process, with a runner that needs no torch."""

import os
from pathlib import Path

import psutil
import pytest

from puppyslug.studio.jobs.models import Job
from puppyslug.studio.workers.pool import process_launcher
from puppyslug.studio.workers.process import NICENESS
from puppyslug.studio.workers.protocol import Command, Task
from support.workers import create_reporting_runner


@pytest.fixture
def worker():
    process, connection = process_launcher(10_000, create_reporting_runner)()
    yield process, connection
    connection.close()
    process.kill()
    process.join()


def task(job_id, title=""):
    return Task(Job(id=job_id, title=title, recipe={}, created=1), Path("job"), Path("networks"))


def receive(connection):
    assert connection.poll(60)
    return tuple(connection.recv())


def test_tasks_run_in_order_until_the_server_is_gone(worker):
    process, connection = worker
    connection.send(task("a", "wait"))
    connection.send(Command("stop"))
    niceness = min(19, os.nice(0) + NICENESS)
    assert receive(connection) == ("update", {"threads": 1, "niceness": niceness})
    assert receive(connection) == ("done", None)
    connection.send(Command("stop"))  # too late: it must not affect the next task
    connection.send(task("b"))
    assert [receive(connection)[0] for _ in range(2)] == ["update", "done"]
    connection.send(task("c", "wait"))
    assert receive(connection)[0] == "update"
    connection.close()
    process.join(timeout=60)
    assert process.exitcode == 0


def test_ctrl_c_in_the_terminal_is_left_to_the_server(worker):
    process, connection = worker
    connection.send(task("a"))
    assert [receive(connection)[0] for _ in range(2)] == ["update", "done"]
    psutil.Process(process.pid).send_signal(2)
    connection.send(task("b"))
    assert [receive(connection)[0] for _ in range(2)] == ["update", "done"]
