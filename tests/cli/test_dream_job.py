"""The path of one image: interruption, lost clusters, smaller tiles, and a real terminal."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from puppyslug.cli import main
from puppyslug.cli.destination import Destination, unused_paths
from puppyslug.cli.dream_job import DreamJob
from puppyslug.cli.dream_run import run_steps
from puppyslug.errors import ClusterError, ImageError, OutputError
from puppyslug.images import read_recipe_text
from support.commands import image_size, read_recipe
from support.dream_runs import limited_memory
from support.toy_dreams import prepare_toy


@pytest.fixture
def destination(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Destination(tmp_path / "out.png", unused_paths(tmp_path, "out"), overwrite=False)


@pytest.fixture
def prepared(toy, picture):
    return prepare_toy(toy, picture)


@pytest.fixture
def job(prepared):
    return DreamJob(prepared.recipe, quiet=True)


def stopping_executor(prepared, calls, error):
    """Return the dream with an executor that raises an error after a number of calls."""
    count = 0

    def execute(network, function, arguments):
        nonlocal count
        count += 1
        if count > calls:
            raise error
        return (function(network, *each) for each in arguments)

    return replace(prepared, executor=execute)


def test_a_dream_is_saved_with_its_recipe(job, prepared, destination, capsys):
    assert job.render(prepared, destination, "clouds") == 0
    assert capsys.readouterr().out == f"{destination.path}\n"
    recipe = json.loads(read_recipe_text(destination.path))
    assert recipe == {**json.loads(prepared.recipe.to_json()), "network": "toy"}


def test_an_interrupted_dream_is_saved_with_a_recipe_that_stops_there(job, prepared, destination):
    interrupted = stopping_executor(prepared, 3, KeyboardInterrupt())
    assert job.render(interrupted, destination, "clouds") == 130
    assert json.loads(read_recipe_text(destination.path))["stop_after"] == 3


def test_nothing_is_saved_if_no_step_is_complete(job, prepared, destination):
    interrupted = stopping_executor(prepared, 0, KeyboardInterrupt())
    assert job.render(interrupted, destination, "clouds") == 130
    assert not destination.path.exists()


@pytest.mark.parametrize("blocked", ["lapse.mp4", "out.png"])
def test_what_cannot_be_written_is_kept_in_a_temporary_folder(
    job, prepared, destination, tmp_path_factory, monkeypatch, capsys, blocked
):
    """A folder takes the place of the file while the dream is computed."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    lapse = destination.folder / "lapse.mp4"
    job = replace(job, timelapse=lapse)

    def execute(network, function, arguments):
        (destination.folder / blocked).mkdir(exist_ok=True)
        return (function(network, *each) for each in arguments)

    with pytest.raises(OutputError, match=blocked) as raised:
        job.render(replace(prepared, executor=execute), destination, "clouds")
    (kept,) = temporary.rglob(blocked)
    assert str(kept) in str(raised.value)
    assert kept.stat().st_size > 0
    other = lapse if blocked == "out.png" else destination.path
    assert other.is_file()
    assert capsys.readouterr().out == f"{other}\n"


def test_a_photo_in_a_folder_that_does_not_exist_is_missing_itself(job, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImageError, match=r"holidays.a\.jpg does not exist"):
        job.prepare(Path("holidays/a.jpg"))


def test_a_lost_cluster_is_an_error_after_the_dream_is_saved(job, prepared, destination):
    lost = stopping_executor(prepared, 2, ClusterError("lost"))
    with pytest.raises(ClusterError):
        job.render(lost, destination, "clouds")
    assert json.loads(read_recipe_text(destination.path))["stop_after"] == 2


def test_a_cluster_lost_before_the_first_step_leaves_no_file(job, prepared, destination):
    with pytest.raises(ClusterError):
        job.render(stopping_executor(prepared, 0, ClusterError("lost")), destination, "clouds")
    assert not destination.path.exists()


def test_smaller_tiles_after_running_out_of_memory_are_reported(toy, capsys):
    image = torch.rand(1, 3, 200, 300, generator=torch.Generator().manual_seed(0))
    prepared = prepare_toy(toy, image, octaves=1, iterations=1, tile="whole")
    prepared = replace(prepared, executor=limited_memory(200))
    last, interruption = run_steps(prepared, "clouds", quiet=False)
    assert interruption is None
    assert last.recipe.tile != "whole"
    assert last.recipe.tile in capsys.readouterr().err


def read_until_closed(terminal: int) -> None:
    """Read from a terminal until the process that writes to it has ended."""
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass


def test_ctrl_c_in_a_terminal_saves_the_dream_and_redo_repeats_it(folder):
    settings = ["--octaves", "2", "--iterations", "500", "--layer", "relu3_1"]
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "puppyslug", "dream", "cat.png", *settings],
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    shown = b""
    while b"step 3" not in shown:
        shown += os.read(controller, 4096)
    process.send_signal(signal.SIGINT)
    with process:
        read_until_closed(controller)
        out = process.stdout.read()
    assert process.returncode == 130
    assert out == "cat.dream.png\n"
    assert b"octave 1/2" in shown
    assert b"score" in shown
    assert b"left" in shown
    assert 3 <= read_recipe("cat.dream.png").stop_after < 500
    assert image_size("cat.dream.png") == (120, 80)
    assert main(["redo", "cat.dream.png"]) == 0
    assert (folder / "cat.dream.png").read_bytes() == (folder / "cat.dream-2.png").read_bytes()
