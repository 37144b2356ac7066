"""``puppyslug live``: what it records, and its errors."""

import json
from fractions import Fraction

import pytest

from puppyslug.cli import main
from puppyslug.live import loop
from puppyslug.recipe import Recipe
from puppyslug.video.reader import read_comment, read_frames
from support.commands import run_failing
from support.films import encode_video, moving_scene

QUICK = ["--network", "vgg19", "--layer", "relu1_1", "--size", "64", "--quiet"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_dreamt_in_real_time_and_carries_its_recipe(folder):
    encode_video(folder / "in.mp4", moving_scene(15, size=(48, 64)))
    assert main(["live", "in.mp4", *QUICK, "--step-size", "3", "-o", "out.mp4"]) == 0
    frames = list(read_frames(folder / "out.mp4"))
    assert 1 <= len(frames) <= 7  # 0.6 seconds, at 10 frames per second
    assert frames[0].time == 0
    assert frames[-1].time <= Fraction(15, 25)
    recipe = Recipe.complete(json.loads(read_comment(folder / "out.mp4")))
    assert (recipe.objective, recipe.step_size, recipe.preset) == ("relu1_1", 3.0, "live")


def test_a_recording_ends_after_some_seconds_or_with_ctrl_c(folder, monkeypatch):
    encode_video(folder / "in.mp4", moving_scene(50, size=(48, 64)))
    assert main(["live", "in.mp4", *QUICK, "--seconds", "0.3", "-o", "out.mp4"]) == 0
    assert all(frame.time < Fraction(3, 10) for frame in read_frames(folder / "out.mp4"))

    def interrupted(*arguments, **options):
        frames = original(*arguments, **options)
        yield next(frames)
        raise KeyboardInterrupt

    original = loop.dream_live
    monkeypatch.setattr(loop, "dream_live", interrupted)
    assert main(["live", "in.mp4", *QUICK, "-o", "again.mp4"]) == 0
    assert len(list(read_frames(folder / "again.mp4"))) == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["7", "-o", "a.mp4"], "cannot open camera 7"),
        (["nowhere.mp4", "-o", "a.mp4"], "there is no video nowhere.mp4"),
        (["0", "-o", "a.mov"], "a.mov"),
        (["0", "-o", "a.mp4", "--size", "full"], "--size"),
        (["0", "--layer", "block_3"], "-o OUT.mp4"),
    ],
)
def test_errors_are_one_line(arguments, reason, capsys):
    assert reason in run_failing(capsys, "live", *arguments)
