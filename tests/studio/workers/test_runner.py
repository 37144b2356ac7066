"""The runner: how a task ends is reported, whatever happens."""

import queue
from pathlib import Path

import pytest

from puppyslug.errors import ImageError
from puppyslug.studio.jobs.models import TRAINING, Job, TrainingConfig
from puppyslug.studio.workers import dream_task, training_task
from puppyslug.studio.workers.protocol import JobCancelledError, JobControl, Task
from puppyslug.studio.workers.runner import run_task

DREAM = Job(id="a", recipe={}, created=1)
TRAINING_JOB = Job(
    id="t", kind=TRAINING, recipe={}, created=1, lesson=TrainingConfig(base="efficientnet_lite0")
)


class Recorder:
    def __init__(self):
        self.messages = []

    def send(self, message):
        self.messages.append(tuple(message))


def run(job):
    recorder = Recorder()
    task = Task(job, Path("job"), Path("networks"))
    run_task(task, JobControl(recorder, queue.SimpleQueue()))
    return recorder.messages


def test_each_kind_of_job_has_its_own_task(monkeypatch):
    monkeypatch.setattr(dream_task, "run_dream", lambda _, control: control.emit("dreamt"))
    monkeypatch.setattr(training_task, "run_training", lambda _, control: control.emit("trained"))
    assert run(DREAM) == [("dreamt", None), ("done", None)]
    assert run(TRAINING_JOB) == [("trained", None), ("done", None)]


@pytest.mark.parametrize(
    ("error", "kind", "part"),
    [
        (JobCancelledError(), "cancelled", None),
        (ImageError("cat.png is damaged"), "failed", "cat.png is damaged"),
        (MemoryError(), "failed", "smaller size"),
        (ZeroDivisionError("two\nlines"), "failed", "ZeroDivisionError: two lines"),
    ],
)
def test_an_error_ends_the_job_and_not_the_worker(monkeypatch, error, kind, part):
    def fail(*_):
        raise error

    monkeypatch.setattr(dream_task, "run_dream", fail)
    ((reported, data),) = run(DREAM)
    assert reported == kind
    assert data is part is None or part in data
