"""Exit statuses, help and error messages of all commands."""

import os
import subprocess
import sys

import pytest
import typer

from puppyslug.cli import app, main
from support.commands import run_failing


@pytest.fixture
def failing_command(monkeypatch):
    """Return a function that makes every command raise an exception."""

    def replace(error):
        def run(**_):
            raise error

        monkeypatch.setattr(app, "app", run)

    return replace


def test_without_a_command_the_help_is_printed(capsys):
    assert main([]) == 0
    assert "Usage: puppyslug [OPTIONS] COMMAND" in capsys.readouterr().out


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("puppyslug 0.")


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["dream", "--octave", "3"], "--octave"),
        (["dream", "--octaves", "x"], "--octaves"),
        (["drem"], "drem"),
        (["redo"], "DREAM"),
    ],
)
def test_wrong_usage_exits_with_2_and_names_the_help(capsys, arguments, value):
    line = run_failing(capsys, *arguments, status=2)
    assert "--help" in line
    assert value in line


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interrupted_command_exits_with_130(failing_command, error):
    failing_command(error)
    assert main(["dream"]) == 130


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (MemoryError(), ["--size", "--memory"]),
        (RuntimeError("can't allocate 9 bytes"), ["--size", "--memory"]),
        (PermissionError(13, "Permission denied", "a.png"), ["a.png", "Permission denied"]),
        (ValueError("two\nlines"), ["ValueError", "two lines", "PUPPYSLUG_TRACEBACK"]),
    ],
)
def test_unexpected_errors_are_one_line(failing_command, capsys, error, parts):
    failing_command(error)
    line = run_failing(capsys, "dream")
    for part in parts:
        assert part in line


def test_a_traceback_can_be_requested(failing_command, monkeypatch):
    monkeypatch.setenv("PUPPYSLUG_TRACEBACK", "1")
    failing_command(ValueError("wrong"))
    with pytest.raises(ValueError, match="wrong"):
        main(["dream"])


def test_a_closed_pipe_prints_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "puppyslug", "layers", "vgg19"]
    with os.fdopen(writer, "w") as pipe:
        result = subprocess.run(
            command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "part", "status"),
    [
        (["cat.jpg"], "'puppyslug dream cat.jpg'", 2),
        (["dream", "clouds", "--objective", "dog"], "see(dog)", 1),
        (["dream", "clouds", "--layer", "golden retriever"], "see(golden retriever)", 1),
        (["dream", "clouds", "--see", "unicorn"], "sorrel", 1),
        (["dream", "clouds", "--count", "3", "--octaves", "2"], "leave out", 1),
        (["redo", "dream.mp4"], "film IN --recipe dream.mp4", 1),
        (["dream", "clouds", "--matching", "dot"], "--guide", 1),
    ],
)
def test_errors_say_what_was_meant(capsys, arguments, part, status):
    assert part in run_failing(capsys, *arguments, status=status)
