"""``--music`` and ``--dance``: zooms, journeys and films that follow a song."""

from fractions import Fraction

import av
import numpy as np
import pytest

from puppyslug.audio.decoder import read_samples
from puppyslug.audio.signals import Envelope, compute_signals
from puppyslug.cli import main
from puppyslug.files.hashing import file_sha256
from puppyslug.recipe import Recipe
from puppyslug.recipe.curve_values import curve_values
from puppyslug.recipe.timeline import Timeline
from puppyslug.video.checkpoint import FrameCheckpoint
from puppyslug.video.reader import read_comment
from support.commands import list_files, run_failing
from support.films import decode_with_opencv, encode_video, moving_scene
from support.songs import analysed_clicks, clicks, write_song

SONG = analysed_clicks(0.8, 0.2, 0.05)
SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "1", "--quiet"]
ZOOM = ["zoom", "noise", "--size", "48x32", "--fps", "10", *SHORT]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with a song of 0.8 s, which is not analysed by librosa."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("puppyslug.audio.analysis.analyse_song", lambda samples: SONG)
    write_song(tmp_path / "song.wav", clicks(SONG.beats, 0.8))
    return tmp_path


def recipe_of(name: str) -> Recipe:
    from pathlib import Path

    return Recipe.from_json(read_comment(Path(name)))


def test_a_zoom_has_the_length_and_the_sound_of_its_song(folder):
    at = ["--at", "zoom=1+0.2*beat", "--at", "step_size=1+bass", "--release", "0.1"]
    assert main([*ZOOM, "--music", "song.wav", *at, "-o", "z.mp4"]) == 0
    assert len(decode_with_opencv(folder / "z.mp4")) == 8
    heard = read_samples(folder / "z.mp4", start=Fraction(0))
    assert np.correlate(heard[:9000], clicks(SONG.beats, 0.8)[500:8000]).argmax() in range(490, 511)
    recipe = recipe_of("z.mp4")
    assert recipe.music is not None
    assert (recipe.music.name, recipe.music.sha256) == (
        "song.wav",
        file_sha256(folder / "song.wav"),
    )
    music = compute_signals(SONG, Fraction(10), 8, Envelope(release=0.1))
    values = curve_values(recipe, Timeline(8, Fraction(10), music=music))
    assert values["zoom"] == pytest.approx([1 + 0.2 * beat for beat in music.signals["beat"]])
    assert recipe.zoom == pytest.approx(values["zoom"][0])


def test_an_interrupted_film_to_music_resumes_to_the_same_bytes(folder, monkeypatch):
    film = [*ZOOM, "--music", "song.wav", "--dance", "drums"]
    assert main([*film, "-o", "whole.mp4"]) == 0
    save = FrameCheckpoint.save

    def interrupted(checkpoint, number, frame, part=""):
        save(checkpoint, number, frame, part)
        if number in (1, 4):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FrameCheckpoint, "save", interrupted)
        assert main([*film, "-o", "parts.mp4"]) == 130
        assert main([*film, "-o", "parts.mp4"]) == 130
    assert main([*film, "-o", "parts.mp4"]) == 0
    assert (folder / "whole.mp4").read_bytes() == (folder / "parts.mp4").read_bytes()


def test_the_recipe_of_a_film_finds_its_song(folder, capsys):
    assert main([*ZOOM, "--music", "song.wav", "--at", "zoom=1+0.2*beat", "-o", "one.mp4"]) == 0
    again = ["zoom", "noise", "--size", "48x32", "--fps", "10", "--quiet", "--recipe", "one.mp4"]
    assert main([*again, "-o", "two.mp4"]) == 0
    assert (folder / "one.mp4").read_bytes() == (folder / "two.mp4").read_bytes()
    (folder / "song.wav").rename(folder / "other.wav")
    assert "--music" in run_failing(capsys, *again, "-o", "three.mp4")
    assert main([*again, "--music", "other.wav", "-o", "three.mp4"]) == 0
    assert recipe_of("three.mp4").curves == {"zoom": "1+0.2*beat"}


def test_layers_change_on_bars_unless_they_are_chosen(folder):
    small = ["zoom", "noise", "--size", "128x128", "--fps", "5", "--octaves", "1", "--quiet"]
    dance = [*small, "--iterations", "1", "--frames", "1", "--music", "song.wav"]
    assert main([*dance, "--dance", "strong", "-o", "a.mp4"]) == 0
    assert "beat_number//16 % 4" in (recipe_of("a.mp4").curves or {})["objective"]
    own = ["--layer", "relu1_1", "--at", "rotate=1", "--at", "0:zoom=1.1"]
    assert main([*dance, "--dance", "strong", *own, "-o", "b.mp4"]) == 0
    curves = recipe_of("b.mp4").curves or {}
    assert curves.keys() == {"rotate", "step_size"}
    assert curves["rotate"] == "1"


def test_a_journey_has_the_length_of_its_song(folder):
    layers = ["--layers", "relu1_1,relu1_2", "--crossfade", "0"]
    small = ["--size", "48x32", "--fps", "10", "--octaves", "1", "--iterations", "1", "--quiet"]
    music = ["--music", "song.wav", "--dance", "gentle"]
    assert main(["journey", *layers, *small, *music, "-o", "j.mp4"]) == 0
    assert len(decode_with_opencv(folder / "j.mp4")) == 8
    assert [change.frame for change in recipe_of("j.mp4").schedule] == [4]


def test_a_film_follows_a_song_or_its_own_sound(folder, capsys):
    encode_video(folder / "in.mp4", moving_scene(6), fps=10, tone=True)
    film = ["film", "in.mp4", *SHORT, "--at", "strength=beat", "--step-size", "20"]
    assert main([*film, "--music", "song.wav", "--mix", "0.5", "-o", "song.mp4"]) == 0
    assert main([*film, "-o", "own.mp4"]) == 0
    assert recipe_of("song.mp4").music is not None
    assert recipe_of("own.mp4").music is None
    frames = [decode_with_opencv(folder / name) for name in ("song.mp4", "own.mp4")]
    assert [len(one) for one in frames] == [6, 6]
    with av.open("own.mp4") as own, av.open("in.mp4") as source:
        packets = [[bytes(p) for p in c.demux(audio=0) if p.size] for c in (own, source)]
        assert packets[0] == packets[1]  # copied
    encode_video(folder / "silent.mp4", moving_scene(2))
    line = run_failing(capsys, "film", "silent.mp4", "--at", "strength=bass", "-o", "a.mp4")
    assert "silent.mp4 has no sound" in line
    assert "--music" in line


def test_a_dance_needs_music_and_a_gif_has_no_sound(folder, capsys):
    assert "--music" in run_failing(capsys, *ZOOM, "--dance", "gentle", "-o", "a.mp4")
    assert "gentle" in run_failing(
        capsys, *ZOOM, "--dance", "gentel", "--music", "song.wav", "-o", "a.mp4"
    )
    loud = [one for one in ZOOM if one != "--quiet"]
    assert main([*loud, "--frames", "2", "--music", "song.wav", "-o", "a.gif"]) == 0
    assert "a GIF has no sound" in capsys.readouterr().err
    assert list_files(folder) == {"song.wav", "a.gif"}
