"""Progress bars."""

import sys

import pytest

from puppyslug.cli.progress_bar import DownloadBar, FrameBar, ProgressBar

BARS = [
    (lambda quiet: ProgressBar("a dream\n", quiet=quiet), (0.5, "octave 1/2")),
    (lambda quiet: DownloadBar("folder/weights.pth", quiet=quiet), (5_000_000, 10_000_000)),
    (lambda quiet: FrameBar("film.mp4", 10, quiet=quiet), (5, "frame 5/10")),
]


def show(make_bar, update, *, quiet=False):
    with make_bar(quiet) as bar:
        bar.update(*update)


@pytest.mark.parametrize(("make_bar", "update"), BARS)
def test_nothing_is_shown_where_standard_error_is_not_a_terminal(capsys, make_bar, update):
    show(make_bar, update)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("make_bar", "update"), BARS)
def test_nothing_is_shown_if_quiet(capsys, monkeypatch, make_bar, update):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    show(make_bar, update, quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("bar", "text"), list(zip(BARS, ["octave 1/2", "weights.pth", "frame 5/10"], strict=True))
)
def test_a_terminal_shows_the_state_on_standard_error(capsys, monkeypatch, bar, text):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    show(*bar)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert text in captured.err


def test_long_labels_are_truncated(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    show(lambda quiet: ProgressBar("x" * 200, quiet=quiet), (1.0, "the end"))
    assert "x" * 19 + "…  the end" in capsys.readouterr().err
