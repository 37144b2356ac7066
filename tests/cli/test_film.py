"""zoom, journey, film and --timelapse from the command line."""

import os
import random
import signal
import subprocess
import sys
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from puppyslug.cli import main
from puppyslug.recipe.recipe import Recipe
from puppyslug.video.reader import read_frames
from support.commands import fails
from support.films import frames_of, moving_scene, save_film

SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "1", "--quiet"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_zoom_has_its_frames_its_pace_and_its_recipe(folder, capsys):
    arguments = ["zoom", "noise", "--size", "64x48", *SHORT, "--frames", "7", "--fps", "12"]
    assert main([*arguments, "-o", "z.mp4"]) == 0
    assert capsys.readouterr().out == "z.mp4\n"
    assert len(frames_of(folder / "z.mp4")) == 7
    with av.open("z.mp4") as container:
        assert container.streams.video[0].average_rate == 12
        assert container.duration == pytest.approx(7 / 12 * av.time_base, abs=2)
        recipe = Recipe.from_json(container.metadata["comment"])
    assert (recipe.zoom, recipe.objective, recipe.photo) == (1.05, "relu1_1", "noise")
    assert [entry.name for entry in folder.iterdir()] == ["z.mp4"]
    assert "exists" in fails(capsys, *arguments, "-o", "z.mp4")
    assert main([*arguments, "-o", "z.mp4", "--force"]) == 0


def test_a_zoom_starts_from_a_photo_and_moves_as_it_is_told(folder):
    Image.fromarray(moving_scene(1)[0]).save("a.png")
    still = ["--zoom", "1", "--pan-x", "10", "--step-size", "0.001"]
    assert main(["zoom", "a.png", *SHORT, *still, "--frames", "3", "-o", "z.mp4"]) == 0
    first, _, third = frames_of(folder / "z.mp4")
    still = np.abs(third.astype(float) - first).mean()
    assert np.abs(third[:, 32:].astype(float) - first[:, :-32]).mean() < 0.3 * still


def test_a_journey_has_its_layers_and_frames(folder):
    layers = ["--layers", "relu2_1,relu1_2,relu1_1", "--frames-per-layer", "3", "--crossfade", "2"]
    small = ["--size", "64x48", "--octaves", "1", "--iterations", "1", "--quiet"]
    assert main(["journey", *layers, *small, "-o", "j.webm"]) == 0
    assert len(frames_of(folder / "j.webm")) == 9


def test_a_film_keeps_length_pace_and_sound(folder, capsys):
    save_film(folder / "in.mp4", moving_scene(30), fps=30, tone=True)
    assert main(["film", "in.mp4", *SHORT, "-o", "out.mp4"]) == 0
    read = list(read_frames(folder / "out.mp4"))
    assert len(read) == 30
    assert [frame.time for frame in read] == [Fraction(n, 30) for n in range(30)]
    with av.open("out.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (160, 96, 30)
        heard = list(container.decode(audio=0))
        assert heard[-1].time + heard[-1].samples / 44100 == pytest.approx(1.0, abs=0.05)
    assert sorted(entry.name for entry in folder.iterdir()) == ["in.mp4", "out.mp4"]


def test_a_film_of_uneven_pace_keeps_it(folder):
    times = [0, 40, 100, 110, 250, 290]
    save_film(folder / "in.mkv", moving_scene(6), times=times)
    assert main(["film", "in.mkv", *SHORT, "--flow", "none", "-o", "out.mp4"]) == 0
    read = [float(frame.time) for frame in read_frames(folder / "out.mp4")]
    assert read == pytest.approx([t / 1000 for t in times], abs=1e-3)


def test_a_film_takes_things_masks_and_guides(folder):
    save_film(folder / "in.mp4", moving_scene(3, size=(96, 128)))
    mask = np.zeros((96, 128), np.uint8)
    mask[:, :64] = 255
    Image.fromarray(mask).save("mask.png")
    Image.fromarray(moving_scene(1)[0]).save("guide.png")
    small = ["--octaves", "1", "--iterations", "1", "--quiet"]
    for wish in (
        ["--see", "goldfish"],
        ["--layer", "relu1_1", "--mask", "mask.png"],
        ["--layer", "relu1_1", "--mask", "see(coffee)"],
        ["--layer", "relu2_1", "--guide", "guide.png"],
        ["--at", "0:relu1_1", "--at", "2:relu1_2"],
    ):
        assert main(["film", "in.mp4", *wish, *small, "-o", "out.mp4", "--force"]) == 0
        assert len(frames_of(folder / "out.mp4")) == 3


def test_keyframes_hold_in_films_too(folder):
    save_film(folder / "in.mp4", moving_scene(9))
    keys = ["--at", "0:strength=0", "--at", "8:strength=1", "--step-size", "8"]
    assert main(["film", "in.mp4", *SHORT, *keys, "-o", "grows.mp4", "--quality", "100"]) == 0
    sources, dreams = frames_of(folder / "in.mp4"), frames_of(folder / "grows.mp4")
    strength = [np.abs(d.astype(float) - s).mean() for d, s in zip(dreams, sources, strict=True)]
    assert strength[0] < 2
    assert strength[8] > strength[4] + 1 > strength[0] + 3
    keys = ["--at", "0:step_size=0.5", "--at", "8:step_size=4"]
    assert main(["film", "in.mp4", *SHORT, *keys, "-o", "louder.mp4", "--quality", "100"]) == 0
    dreams = frames_of(folder / "louder.mp4")
    strength = [np.abs(d.astype(float) - s).mean() for d, s in zip(dreams, sources, strict=True)]
    assert strength[8] > 1.5 * strength[0]
    for keys in (["relu1_1"], ["relu1_1", "--at", "0:relu1_1", "--at", "4:relu2_1"]):
        film = ["film", "in.mp4", *SHORT[2:], "--layer", *keys, "-o", f"{len(keys)}.mp4"]
        assert main(film) == 0
    one, other = frames_of(folder / "1.mp4"), frames_of(folder / "5.mp4")
    assert np.abs(one[0].astype(float) - other[0]).mean() < 1
    assert np.abs(one[8].astype(float) - other[8]).mean() > 1


def test_a_film_carries_a_recipe_that_others_follow(folder, capsys):
    arguments = ["zoom", "noise", "--size", "64x48", *SHORT, "--frames", "3", "--rotate", "4"]
    assert main([*arguments, "-o", "one.mp4"]) == 0
    again = ["zoom", "noise", "--recipe", "one.mp4", "--size", "64x48", "--frames", "3", "--quiet"]
    assert main([*again, "-o", "two.mp4"]) == 0
    assert (folder / "one.mp4").read_bytes() == (folder / "two.mp4").read_bytes()
    assert main(["dream", "clouds", "--recipe", "one.mp4", "--print-recipe"]) == 0
    assert '"objective": "relu1_1"' in capsys.readouterr().out
    assert main([*arguments, "--no-recipe", "-o", "bare.mp4"]) == 0
    assert "no recipe" in fails(capsys, "dream", "clouds", "--recipe", "bare.mp4")


def test_what_is_left_out_or_past_the_end_is_said(folder, capsys):
    save_film(folder / "in.mp4", moving_scene(4), tone=True)
    loud = [word for word in SHORT if word != "--quiet"]
    late = ["--at", "0:step_size=1", "--at", "9s:step_size=2"]
    assert main(["film", "in.mp4", *loud, *late, "-o", "out.gif"]) == 0
    said = capsys.readouterr().err
    assert "the sound of in.mp4 is left out: a GIF" in said
    assert "past the film's end, at 3" in said


def test_a_timelapse_shows_every_step(folder, capsys):
    arguments = ["dream", "clouds", "--size", "64x48", "--layer", "relu1_1", "--octaves", "2"]
    assert main([*arguments, "--iterations", "3", "--quiet", "--timelapse", "t.mp4"]) == 0
    assert capsys.readouterr().out.splitlines() == ["clouds.dream.png", "t.mp4"]
    frames = frames_of(folder / "t.mp4")
    assert len(frames) == 1 + 6 + 12
    last = np.asarray(Image.open("clouds.dream.png").convert("RGB")).astype(float)
    assert np.abs(frames[-1] - last).mean() < 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["zoom", "-o", "a.avi"], "use one of .mp4"),
        (["zoom", "-o", "no/a.mp4"], "folder no does not exist"),
        (["zoom", "-o", "a.mp4", "--fps", "0"], "--fps is 0"),
        (["zoom", "-o", "a.mp4", "--zoom", "9"], "zoom cannot be 9"),
        (["zoom", "gone.png", "-o", "a.mp4"], "gone.png"),
        (["zoom", "-o", "a.mp4", "--at", "relu4_1"], "write FRAME:OBJECTIVE"),
        (["journey", "-o", "a.mp4", "--layers", "nothing"], "no layer 'nothing'"),
        (["journey", "-o", "a.mp4", "--layer", "relu1_1"], "leave out --layer"),
        (["film", "gone.mp4", "-o", "a.mp4"], "gone.mp4 cannot be read"),
        (["film", "text.mp4", "-o", "a.mp4"], "text.mp4 cannot be read as a film"),
        (["film", "in.mp4", "-o", "a.mp4", "--flow", "left"], "no flow 'left'"),
        (["film", "in.mp4", "-o", "in.mp4"], "is what is read for this"),
        (["film", "in.mp4", "-o", "in.mp4", "--force"], "is what is read for this"),
        (["dream", "clouds", "--timelapse", "a.gift"], "use one of .mp4"),
        (["dream", "a.gif", "--timelapse", "a.gif", "--force"], "is what is read for this"),
        (["zoom", "a.gif", "-o", "a.gif", "--force"], "is what is read for this"),
        (["zoom", "-o", "folder.mp4", "--force"], "is a folder"),
        (["zoom", "-o", "a.mp4", "--fps", "1e-9"], "--fps is 1e-09"),
        (["zoom", "-o", "a.mp4", "--frames", "100000000"], "make room"),
        (["zoom", "-o", "a.mp4", "--at", "1:zoom=nan"], "zoom is a number"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(folder, capsys, arguments, said):
    save_film(folder / "in.mp4", moving_scene(3))
    (folder / "text.mp4").write_text("no film")
    (folder / "folder.mp4").mkdir()
    Image.fromarray(moving_scene(1)[0]).save("a.gif")
    before = sorted(entry.name for entry in folder.iterdir())
    assert said in fails(capsys, *arguments)
    assert sorted(entry.name for entry in folder.iterdir()) == before


def test_other_settings_do_not_mix_with_frames_that_are_there(folder, capsys, monkeypatch):
    from puppyslug.video.checkpoint import Journal

    arguments = ["zoom", "--size", "64x48", *SHORT, "--frames", "4", "-o", "z.mp4"]
    keep, kept = Journal.keep, []

    def interrupted(self, number, made, part=""):
        if number == 2 and not kept:
            kept.append(number)
            raise KeyboardInterrupt
        keep(self, number, made, part)

    monkeypatch.setattr(Journal, "keep", interrupted)
    assert main([arguments[0], *arguments[1:]]) == 130
    assert "other settings (seed)" in fails(capsys, *arguments, "--seed", "5")
    assert main(arguments) == 0
    assert sorted(entry.name for entry in folder.iterdir()) == ["z.mp4"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zoom", "film"])
def test_killed_at_any_moment_it_goes_on_to_the_same_film(folder, kind):
    save_film(folder / "in.mp4", moving_scene(24))
    arguments = {
        "zoom": ["zoom", "noise", "--size", "160x96", *SHORT, "--frames", "60"],
        "film": ["film", "in.mp4", *SHORT],
    }[kind]
    command = [sys.executable, "-m", "puppyslug", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "-o", "whole.mp4"], check=True, env=environment)
    chance = random.Random(kind)
    for _ in range(10):
        process = subprocess.Popen([*command, "-o", "cut.mp4"], env=environment)
        time.sleep(2 + chance.random() * 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (folder / "cut.mp4").exists():
            break
    else:
        subprocess.run([*command, "-o", "cut.mp4"], check=True, env=environment)
    assert (folder / "whole.mp4").read_bytes() == (folder / "cut.mp4").read_bytes()
    assert len(frames_of(folder / "cut.mp4")) == {"zoom": 60, "film": 24}[kind]
