"""``puppyslug listen``: tempo and signals of a song."""

import json

import pytest
from PIL import Image

from puppyslug.cli import main
from support.commands import list_files, run_failing
from support.songs import analysed_clicks, clicks, write_song


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with a click track, which is not analysed by librosa."""
    monkeypatch.chdir(tmp_path)
    song = analysed_clicks()
    monkeypatch.setattr("puppyslug.audio.analysis.analyse_song", lambda samples: song)
    write_song(tmp_path / "song.wav", clicks(song.beats, 4.0))
    return tmp_path


def test_tempo_length_and_beats_are_printed(capsys):
    assert main(["listen", "song.wav"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["length"] == "0:04.0"
    assert lines["tempo"] == "120.0 beats per minute"
    assert lines["beats"].startswith("8, the first at 0.25 s")
    assert lines["bars"].endswith("at 1.25 s")


def test_json_has_the_signals_of_every_frame(capsys):
    assert main(["listen", "song.wav", "--json", "--fps", "10"]) == 0
    song = json.loads(capsys.readouterr().out)
    assert (song["tempo"], song["fps"], song["first_beat"]) == (120, 10, 2)
    assert {len(values) for values in song["signals"].values()} == {40}
    assert song["beats"][:2] == [0.25, 0.75]


def test_the_curves_are_saved_as_a_picture(folder, capsys):
    assert main(["listen", "song.wav", "-o", "curves.png"]) == 0
    with Image.open("curves.png") as image:
        assert image.width == 1600
    assert "curves.png" in run_failing(capsys, "listen", "song.wav", "-o", "curves.png")
    assert "song.wav" in run_failing(capsys, "listen", "song.wav", "-o", "song.wav", "--force")
    assert list_files(folder) == {"song.wav", "curves.png"}


def test_files_without_sound_are_refused(folder, capsys):
    (folder / "a.txt").write_text("text")
    assert "a.txt" in run_failing(capsys, "listen", "a.txt")
