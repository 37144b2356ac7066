"""Interrupted pictures: the same command goes on, to the same bytes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from puppyslug.cli import main
from puppyslug.engine import checkpoint as checkpoints
from puppyslug.engine.checkpoint import DreamCheckpoint
from puppyslug.engine.snapshot import ResumableDream
from support.commands import list_files, read_recipe, run_failing

FAST = ["--layer", "relu1_2", "--octaves", "2", "--iterations", "3", "--jitter", "3"]
DREAM = ["dream", "cat.png", *FAST]


@pytest.fixture
def stores_every_step(monkeypatch):
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    monkeypatch.setattr(checkpoints, "MAX_SHARE", float("inf"))


@pytest.fixture
def taken(monkeypatch, stores_every_step):
    """The numbers of the steps that are taken; ``interrupt_after`` presses Ctrl-C after some."""
    steps, limits = [], []
    offer = DreamCheckpoint.offer

    def record(self, step, take_snapshot):
        steps.append(step.number)
        stored = offer(self, step, take_snapshot)
        if limits and step.number == limits[0]:
            limits.pop()
            raise KeyboardInterrupt
        return stored

    monkeypatch.setattr(DreamCheckpoint, "offer", record)
    steps_taken = Taken(steps)
    steps_taken.interrupt_after = limits.append
    return steps_taken


class Taken:
    def __init__(self, steps):
        self.steps = steps


def interrupt(taken, arguments, after):
    taken.interrupt_after(after)
    assert main([*arguments]) == 130
    taken.steps.clear()


def same_bytes(*names):
    return len({Path(name).read_bytes() for name in names}) == 1


@pytest.mark.parametrize("after", [1, 3, 5])
def test_the_same_command_resumes_to_the_same_bytes(folder, taken, capsys, after):
    assert main([*DREAM, "-o", "whole.png"]) == 0
    interrupt(taken, [*DREAM, "-o", "a.png"], after)
    message = capsys.readouterr().err
    assert "run the same command to resume from a.png.checkpoint" in message
    assert read_recipe("a.png").stop_after == after
    assert main([*DREAM, "-o", "a.png"]) == 0
    message = capsys.readouterr().err
    assert "resuming from a.png.checkpoint" in message
    assert " left" in message
    assert taken.steps == list(range(after + 1, 7))
    assert same_bytes("whole.png", "a.png")
    assert list_files(folder) == {"cat.png", "whole.png", "a.png"}


def test_a_dream_under_its_default_name_keeps_it(folder, taken):
    interrupt(taken, [*DREAM, "--quiet"], 2)
    interrupt(taken, [*DREAM, "--quiet"], 4)
    assert main([*DREAM, "--quiet"]) == 0
    assert taken.steps == [5, 6]
    assert list_files(folder) == {"cat.png", "cat.dream.png"}
    assert main([*DREAM, "--quiet"]) == 0  # a complete dream is not replaced
    assert same_bytes("cat.dream.png", "cat.dream-2.png")


def test_what_is_not_worth_storing_starts_again_and_replaces_what_was_saved(folder, monkeypatch):
    """Ctrl-C within the first seconds, before any state is stored."""
    steps = ResumableDream.steps

    def interrupted(self):
        for step in steps(self):
            yield step
            if step.number == 2:
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ResumableDream, "steps", interrupted)
        assert main([*DREAM, "-o", "a.png"]) == 130
    assert "a.png.checkpoint/state.npz" not in list_files(folder)
    assert main([*DREAM, "-o", "a.png"]) == 0
    assert read_recipe("a.png").stop_after is None
    assert list_files(folder) == {"cat.png", "a.png"}


def test_another_dream_does_not_replace_what_was_saved(folder, taken, capsys):
    interrupt(taken, [*DREAM, "-o", "a.png", "--quiet"], 2)
    saved = Path("a.png").read_bytes()
    assert "--force" in run_failing(capsys, *DREAM, "-o", "a.png", "--seed", "4", "--quiet")
    assert main([*DREAM, "--seed", "4", "--quiet"]) == 0
    assert Path("a.png").read_bytes() == saved


def test_force_starts_again(folder, taken, capsys):
    interrupt(taken, [*DREAM, "-o", "a.png", "--force"], 2)
    assert "without --force to resume" in capsys.readouterr().err
    assert main([*DREAM, "-o", "a.png", "--force"]) == 0
    assert taken.steps == [1, 2, 3, 4, 5, 6]
    assert list_files(folder) == {"cat.png", "a.png"}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "state.npz").write_bytes(b"PK"), "damaged"),
        (lambda folder: (folder / "job.json").unlink(), "damaged"),
    ],
)
def test_what_cannot_be_resumed_is_started_again_in_one_line(folder, taken, capsys, spoil, reason):
    interrupt(taken, [*DREAM, "-o", "a.png"], 2)
    Path("a.png").unlink()  # as after a kill
    spoil(folder / "a.png.checkpoint")
    capsys.readouterr()
    assert main([*DREAM, "-o", "a.png"]) == 0
    lines = [one for one in capsys.readouterr().err.splitlines() if "starting again" in one]
    assert len(lines) == 1
    assert reason in lines[0]
    assert taken.steps == [1, 2, 3, 4, 5, 6]
    assert list_files(folder) == {"cat.png", "a.png"}


@pytest.mark.parametrize("package", ["puppyslug", "torch"])
def test_another_version_starts_again(folder, taken, capsys, monkeypatch, package):
    interrupt(taken, [*DREAM, "-o", "a.png"], 2)
    Path("a.png").unlink()
    version = checkpoints.version
    monkeypatch.setattr(
        checkpoints, "version", lambda name: version(name) + (".1" if name == package else "")
    )
    assert main([*DREAM, "-o", "a.png"]) == 0
    assert f"another version of {package}; starting again" in capsys.readouterr().err
    assert taken.steps == [1, 2, 3, 4, 5, 6]


def test_a_changed_photo_starts_again(folder, taken, capsys):
    interrupt(taken, [*DREAM, "-o", "a.png"], 2)
    Path("a.png").unlink()
    with Image.open("cat.png") as photo:
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save("cat.png")
    assert main([*DREAM, "-o", "a.png"]) == 0
    assert "another photo; starting again" in capsys.readouterr().err
    assert taken.steps == [1, 2, 3, 4, 5, 6]


def test_an_interrupted_batch_skips_what_is_complete_and_resumes_the_rest(folder, taken):
    Path("photos").mkdir()
    with Image.open("cat.png") as photo:
        for name in ("a", "b"):
            photo.rotate(ord(name)).save(f"photos/{name}.png")
    command = ["dream", "photos", *FAST, "-o", "dreams", "--skip-existing", "--quiet"]
    Path("dreams").mkdir()
    assert main(["dream", "photos/a.png", *FAST, "-o", "dreams", "--quiet"]) == 0
    complete = Path("dreams/a.dream.png").read_bytes()
    interrupt(taken, command, 2)
    assert main(command) == 0
    assert taken.steps == [3, 4, 5, 6]
    assert Path("dreams/a.dream.png").read_bytes() == complete
    assert list_files(Path("dreams")) == {"a.dream.png", "b.dream.png"}


def test_redo_resumes_to_the_same_bytes(folder, taken):
    assert main([*DREAM, "-o", "a.png", "--quiet"]) == 0
    interrupt(taken, ["redo", "a.png", "--quiet"], 4)
    assert main(["redo", "a.png", "--quiet"]) == 0
    assert taken.steps == [5, 6]
    assert same_bytes("a.png", "a-2.png")
    assert list_files(folder) == {"cat.png", "a.png", "a-2.png"}


def test_a_dream_with_a_time_lapse_is_not_stored(folder, stores_every_step, monkeypatch):
    monkeypatch.setattr(DreamCheckpoint, "offer", lambda *_: pytest.fail("stored"))
    assert main([*DREAM, "-o", "a.png", "--timelapse", "a.mp4", "--quiet"]) == 0
    assert list_files(folder) == {"cat.png", "a.png", "a.mp4"}


def test_a_dream_whose_state_cannot_be_stored_goes_on(folder, stores_every_step, capsys):
    Path("a.png.checkpoint").write_text("in the way")
    assert main([*DREAM, "-o", "a.png"]) == 0
    assert capsys.readouterr().err.count("could not be resumed") == 1
    assert Path("a.png").exists()


def test_a_picture_of_another_process_is_neither_touched_nor_its_name_taken(
    folder, taken, capsys, monkeypatch
):
    interrupt(taken, [*DREAM, "--quiet"], 2)
    monkeypatch.setattr(
        DreamCheckpoint, "is_busy", property(lambda self: "-2" not in str(self.folder))
    )
    line = run_failing(capsys, *DREAM, "--quiet", "-o", "cat.dream.png")
    assert "cat.dream.png" in line
    assert main([*DREAM, "--quiet"]) == 0
    assert "cat.dream-2.png" in list_files(folder)
    assert "cat.dream.png.checkpoint/state.npz" in list_files(folder)


KILLED = """
import os, signal, sys
from puppyslug.engine import checkpoint
from puppyslug.cli import main
checkpoint.INTERVAL, checkpoint.MAX_SHARE = 0.0, float("inf")
offer, number = checkpoint.DreamCheckpoint.offer, int(sys.argv[1])
def store_and_die(self, step, take_snapshot):
    offer(self, step, take_snapshot)
    if step.number == number:
        os.kill(os.getpid(), int(sys.argv[2]))
checkpoint.DreamCheckpoint.offer = store_and_die
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_drawing_resumes_to_the_same_bytes(folder, taken, ending):
    """A named thing is being drawn; then the octave that refines it is being dreamt."""
    settings = ["--see", "goldfish", "--network", "efficientnet_lite0", "--method", "spectrum"]
    settings += ["--drawing-steps", "3", "--iterations", "2", "--size", "520", "--quiet"]
    command = ["dream", "cat.png", *settings]
    assert main([*command, "-o", "whole.png"]) == 0
    last = taken.steps[-1]
    assert last == 5
    for number in (2, 4):
        process = subprocess.run(
            [sys.executable, "-c", KILLED, str(number), str(int(ending)), *command, "-o", "a.png"],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert process.returncode == -ending
        assert not Path("a.png").exists()
        assert Path("a.png.checkpoint/state.npz").exists()
    taken.steps.clear()
    assert main([*command, "-o", "a.png"]) == 0
    assert taken.steps == [5]
    assert same_bytes("whole.png", "a.png")
    assert list_files(folder) == {"cat.png", "whole.png", "a.png"}
