"""Progress and previews of a dream, with a fake control and a fake clock."""

import errno
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.errors import OutputError
from puppyslug.gradient.executor import execute_locally
from puppyslug.recipe import Recipe
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.workers import dream_task
from puppyslug.studio.workers.dream_task import (
    MAX_PREVIEW_SHARE,
    MIN_PREVIEW_INTERVAL,
    ProgressReporter,
    dream_picture,
)
from support.dream_runs import last_step, toy_recipe


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


class SteeredControl(FakeControl):
    """Sends changes: one list of them with each poll."""

    stopped = False

    def __init__(self, *changes):
        super().__init__()
        self._changes = list(changes)

    def poll(self):
        super().poll()
        return self._changes.pop(0) if self._changes else []


def run_steered(toy, picture, *changes, executor=execute_locally, guides=None, **settings):
    """Dream with changes; return the picture, what was kept, and the control."""
    control, kept = SteeredControl(*changes), []
    prepared = PreparedDream(
        picture,
        toy_recipe(octaves=1, **settings),
        toy,
        guides=guides or {},
        executor=executor,
        is_reproducible=True,
    )
    reporter = ProgressReporter(picture_job(), control)
    try:
        result = dream_picture(prepared, control, reporter, keep=kept.append)
    except RuntimeError:
        result = None
    return result, kept, control


def recipe_of(picture):
    return Recipe.model_validate_json(picture.info["puppyslug"])


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"objective": 'guide("a", relu2)'}, "guide"),
        ({"objective": 'guide("small", relu2)'}, "too small"),
        ({"objective": "strongest(relu2, 3)"}, "begins"),
        ({"objective": "relu9"}, "relu9"),
        ({"octaves": 3}, "octaves"),
    ],
)
def test_a_bad_change_is_rejected_and_the_dream_goes_on(toy, picture, changes, part):
    guides = {"small": torch.zeros(1, 3, 1, 1)}
    result, kept, control = run_steered(toy, picture, [changes, {"step_size": 2.0}], guides=guides)
    (reason,) = control.of_kind("rejected") or [""]
    assert part in reason
    assert [change.field for change in recipe_of(result).schedule] == ["step_size"]
    assert kept == []


def test_a_change_that_fails_later_is_reverted_and_said(toy, picture):
    def fail_on_first_layer(network, function, arguments):
        for crop in arguments:
            if "relu1" in str(crop):
                raise RuntimeError("not implemented")
            yield function(network, *crop)

    result, _, control = run_steered(
        toy, picture, [{"objective": "relu1"}], executor=fail_on_first_layer
    )
    assert control.of_kind("rejected") == ["not implemented"]
    assert control.messages[-1][1].fraction == 1
    assert recipe_of(result).schedule == ()
    assert control.of_kind("update")[-1]["recipe"]["schedule"] == []


def test_more_changes_than_a_schedule_holds_are_rejected(toy, picture):
    schedule = [[0, 0, 0, "step_size", 1.0]] * 999
    changes = [[{"step_size": 2.0}], [{"step_size": 3.0}], [{"jitter": 2}]]
    result, _, control = run_steered(toy, picture, *changes, schedule=schedule)
    assert len(recipe_of(result).schedule) == 1000
    rejections = control.of_kind("rejected")
    assert len(rejections) == 2
    assert "1000" in rejections[0]


def test_changes_between_two_steps_are_applied_together(toy, picture):
    changes = [{"step_size": 1.0 + number} for number in range(4000)]
    result, _, _ = run_steered(toy, picture, [*changes, {"jitter": 2}])
    schedule = [(change.field, change.value) for change in recipe_of(result).schedule]
    assert sorted(schedule) == [("jitter", 2.0), ("step_size", 4000.0)]


def test_the_picture_so_far_of_a_failing_dream_is_kept(toy, picture):
    steps = iter(range(3))

    def fail_after_three(network, function, arguments):
        if next(steps, None) is None:
            raise RuntimeError("the network is broken")
        yield from (function(network, *crop) for crop in arguments)

    result, (kept,), _ = run_steered(toy, picture, executor=fail_after_three, iterations=9)
    assert result is None
    assert recipe_of(kept).stop_after == 3
    expected = last_step(picture, recipe_of(kept), toy)
    assert np.array_equal(kept, expected.to_pil())


def test_a_result_is_saved_once_the_disk_has_room(monkeypatch, tmp_path, control):
    """Nothing of a dream is lost on a full disk."""
    full = iter([True, True])
    save = dream_task.save_image

    def save_if_there_is_room(*arguments, **options):
        if next(full, False):
            raise OutputError("full") from OSError(errno.ENOSPC, "No space left on device")
        save(*arguments, **options)

    monkeypatch.setattr(dream_task, "DISK_INTERVAL", 0)
    monkeypatch.setattr(dream_task, "save_image", save_if_there_is_room)
    dream_task._save_result(tmp_path, control, Image.new("RGB", (8, 8)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dream.png", "thumbnail.jpg"]
    assert [one.stage for one in control.of_kind("progress")] == [dream_task.DISK_FULL_STAGE] * 2
    assert control.polls == 2


def test_other_errors_of_the_disk_are_not_waited_for(monkeypatch, tmp_path, control):
    def fail(*_, **__):
        raise OutputError("denied") from OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(dream_task, "save_image", fail)
    with pytest.raises(OutputError, match="denied"):
        dream_task._save_result(tmp_path, control, Image.new("RGB", (8, 8)))
