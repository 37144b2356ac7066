"""Progress and previews of a dream, with a fake control and a fake clock."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from puppyslug.studio.jobs.models import Job
from puppyslug.studio.workers import dream_task
from puppyslug.studio.workers.dream_task import (
    MAX_PREVIEW_SHARE,
    MIN_PREVIEW_INTERVAL,
    ProgressReporter,
)


class FakeControl:
    """Records messages, and counts how often it is polled."""

    def __init__(self):
        self.messages = []
        self.polls = 0

    def emit(self, kind, data=None):
        self.messages.append((kind, data))

    def poll(self):
        self.polls += 1
        return []

    def of_kind(self, kind):
        return [data for name, data in self.messages if name == kind]


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(dream_task.time, "monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def control():
    return FakeControl()


def step(fraction, octave=0):
    picture = torch.zeros(1, 3, 48, 64)
    return SimpleNamespace(
        octave=octave, octaves=2, step=1, steps=5, score=0.5, fraction=fraction, start=picture,
        picture=lambda size: picture,
    )  # fmt: skip


def picture_job():
    return Job(id="a", recipe={}, created=1)


def test_the_remaining_time_is_estimated_after_the_first_step(clock, control):
    reporter = ProgressReporter(picture_job(), control)
    reporter.report(step(0.2))
    clock.now += 10
    reporter.report(step(0.4))
    clock.now += 10
    reporter.report(step(0.6, octave=1))
    progress = control.of_kind("progress")
    assert [one.fraction for one in progress] == [0.2, 0.4, 0.6]
    assert progress[0].seconds_left is None
    assert [one.seconds_left for one in progress[1:]] == pytest.approx([30, 20])
    assert [one.octave for one in progress] == [0, 0, 1]
    assert {one.stage for one in progress} == {"dreaming"}


def test_previews_are_jpegs_at_a_limited_rate(clock, control):
    reporter = ProgressReporter(picture_job(), control)
    for number in range(10):
        reporter.report(step(number / 10))
        clock.now += MIN_PREVIEW_INTERVAL / 2
    previews = control.of_kind("preview")
    assert len(previews) == 5
    assert all(preview.startswith(b"\xff\xd8") for preview in previews)
    assert [one.preview for one in control.of_kind("progress")] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_slow_previews_take_a_small_share_of_the_time(clock, control):
    reporter = ProgressReporter(picture_job(), control)

    def render():
        clock.now += 3.0
        return Image.new("RGB", (8, 8))

    reporter.preview(render)
    rendered = clock.now
    while reporter.previews < 2:
        clock.now += 1.0
        reporter.preview(render)
    assert clock.now - 3.0 - rendered >= 3.0 / MAX_PREVIEW_SHARE


def test_the_frames_of_a_film_share_the_progress(clock, control):
    reporter = ProgressReporter(Job(id="a", kind="zoom", frames=4, recipe={}, created=1), control)
    reporter.frame = 1
    reporter.report(step(0.5))
    (progress,) = control.of_kind("progress")
    assert (progress.frame, progress.fraction) == (1, 1.5 / 4)
    assert control.polls == 1  # commands are handled within a frame, too
    assert control.of_kind("preview") == []
