"""The time-lapse video of a dream."""

import numpy as np
import pytest

from puppyslug.engine.loop import dream_steps
from puppyslug.video import timelapse
from puppyslug.video.frames import as_tensor
from puppyslug.video.reader import read_comment
from puppyslug.video.timelapse import END_FRAMES, TimeLapse
from support.films import decode_with_opencv, moving_scene
from support.toy_dreams import prepare_toy


@pytest.fixture
def photo():
    return as_tensor(moving_scene(1, size=(40, 52))[0] / np.float32(255))


def record(path, network, picture):
    lapse = TimeLapse(path)
    for step in dream_steps(prepare_toy(network, picture)):
        lapse.add(step)
    assert lapse.save("a recipe") == path
    return decode_with_opencv(path), step


def test_the_video_goes_from_the_photo_to_the_dream(tmp_path, toy, photo):
    frames, last = record(tmp_path / "a.mp4", toy, photo)
    assert len(frames) == 1 + 2 * 2 + END_FRAMES
    for frame, image in ((frames[0], photo), (frames[-1], last.picture())):
        expected = image[0].permute(1, 2, 0).numpy() * 255
        assert np.abs(frame[:40, :52] - expected).mean() < 12
    assert read_comment(tmp_path / "a.mp4") == "a recipe"


def test_long_dreams_skip_steps_but_not_the_last_one(tmp_path, toy, photo, monkeypatch):
    monkeypatch.setattr(timelapse, "MAX_FRAMES", 2)
    frames, _ = record(tmp_path / "a.mp4", toy, photo)
    assert len(frames) == 1 + 2 + END_FRAMES


def test_large_pictures_are_scaled_down(tmp_path, toy, photo, monkeypatch):
    monkeypatch.setattr(timelapse, "MAX_SIDE", 26)
    frames, _ = record(tmp_path / "a.mp4", toy, photo)
    assert frames[0].shape == (20, 26, 3)
