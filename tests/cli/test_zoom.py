"""``puppyslug zoom``: an endless zoom."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from puppyslug.cli import main
from puppyslug.cli.film_music import MusicOptions
from puppyslug.cli.zoom import load_zoom_recipe
from puppyslug.recipe import Recipe, Timeline
from puppyslug.recipe.defaults import ATLAS_CLASSIFIER, NETWORK
from support.commands import list_files, run_failing
from support.films import decode_with_opencv, moving_scene
from support.kills import assert_resumes_after_kills

SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "1", "--quiet"]
TIMELINE = Timeline(100, Fraction(25))
NOISE = ["zoom", "noise", "--size", "64x48", *SHORT]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_zoom_has_its_frames_its_frame_rate_and_its_recipe(folder, capsys):
    assert main([*NOISE, "--frames", "7", "--fps", "12", "-o", "z.mp4"]) == 0
    assert capsys.readouterr().out == "z.mp4\n"
    assert len(decode_with_opencv(folder / "z.mp4")) == 7
    with av.open("z.mp4") as container:
        assert container.streams.video[0].average_rate == 12
        assert container.duration == pytest.approx(7 / 12 * av.time_base, abs=2)
        recipe = Recipe.from_json(container.metadata["comment"])
    assert (recipe.zoom, recipe.objective, recipe.photo) == (1.05, "relu1_1", "noise")
    assert list_files(folder) == {"z.mp4"}


def test_an_existing_film_is_replaced_only_on_request(folder, capsys):
    arguments = [*NOISE, "--frames", "1", "-o", "z.mp4"]
    (folder / "z.mp4").write_bytes(b"old")
    line = run_failing(capsys, *arguments)
    assert "z.mp4" in line
    assert "--force" in line
    assert main([*arguments, "--force"]) == 0
    assert len(decode_with_opencv(folder / "z.mp4")) == 1


def test_a_photo_moves_as_the_options_say(folder):
    Image.fromarray(moving_scene(1)[0]).save("a.png")
    motion = ["--zoom", "1", "--pan-x", "10", "--step-size", "0.001"]
    assert main(["zoom", "a.png", *SHORT, *motion, "--frames", "3", "-o", "z.mp4"]) == 0
    first, _, third = (frame.astype(float) for frame in decode_with_opencv(folder / "z.mp4"))
    unmoved = np.abs(third - first).mean()
    assert np.abs(third[:, 32:] - first[:, :-32]).mean() < 0.3 * unmoved


def test_the_recipe_inside_a_film_repeats_it(folder, capsys):
    arguments = [*NOISE, "--frames", "3", "--rotate", "4"]
    assert main([*arguments, "-o", "one.mp4"]) == 0
    again = ["zoom", "noise", "--recipe", "one.mp4", "--size", "64x48", "--frames", "3", "--quiet"]
    assert main([*again, "-o", "two.mp4"]) == 0
    assert (folder / "one.mp4").read_bytes() == (folder / "two.mp4").read_bytes()
    capsys.readouterr()
    assert main(["dream", "clouds", "--recipe", "one.mp4", "--print-recipe"]) == 0
    assert Recipe.from_json(capsys.readouterr().out).objective == "relu1_1"


def test_the_recipe_can_be_left_out(folder, capsys):
    assert main([*NOISE, "--frames", "1", "--no-recipe", "-o", "bare.mp4"]) == 0
    assert "recipe" in run_failing(capsys, "dream", "clouds", "--recipe", "bare.mp4")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["-o", "a.avi"], [".avi", ".mp4"]),
        (["-o", "no/a.mp4"], ["no"]),
        (["-o", "folder.mp4", "--force"], ["folder.mp4"]),
        (["-o", "a.mp4", "--fps", "0"], ["--fps", "0"]),
        (["-o", "a.mp4", "--fps", "1e-9"], ["--fps", "1e-09"]),
        (["-o", "a.mp4", "--zoom", "9"], ["zoom", "9"]),
        (["-o", "a.mp4", "--at", "relu4_1"], ["relu4_1"]),
        (["-o", "a.mp4", "--at", "1:zoom=nan"], ["zoom"]),
        (["-o", "a.mp4", "--frames", "100000000"], ["100000000"]),
        (["gone.png", "-o", "a.mp4"], ["gone.png"]),
        (["a.gif", "-o", "a.gif", "--force"], ["a.gif"]),
    ],
)
def test_errors_name_the_wrong_value_and_write_nothing(folder, capsys, arguments, parts):
    (folder / "folder.mp4").mkdir()
    Image.fromarray(moving_scene(1)[0]).save("a.gif")
    line = run_failing(capsys, "zoom", *arguments)
    for part in parts:
        assert part in line
    assert sorted(path.name for path in folder.iterdir()) == ["a.gif", "folder.mp4"]


@pytest.mark.slow
def test_a_zoom_killed_at_any_moment_resumes_to_the_same_film(folder):
    arguments = ["zoom", "noise", "--size", "160x96", *SHORT, "--frames", "60"]
    assert_resumes_after_kills(folder, arguments, frames=60)


def test_seconds_set_the_length_and_percentages_the_strength(folder):
    arguments = [*NOISE, "--seconds", "0.5", "--fps", "12", "--strength", "50%", "-o", "z.mp4"]
    assert main(arguments) == 0
    assert len(decode_with_opencv(folder / "z.mp4")) == 6
    with av.open("z.mp4") as container:
        assert Recipe.from_json(container.metadata["comment"]).strength == 0.5


def test_a_keyframe_with_a_class_chooses_a_network_with_classes():
    recipe, _ = load_zoom_recipe(
        {}, None, MusicOptions(["0:see(castle)", "2s:see=tabby"]), TIMELINE
    )
    assert recipe.network == ATLAS_CLASSIFIER
    assert recipe.objective == "see(castle)"
    recipe, _ = load_zoom_recipe({}, None, MusicOptions(["0:layer=relu3_1", "9:relu4_1"]), TIMELINE)
    assert (recipe.network, recipe.objective) == (NETWORK, "relu3_1")


def test_an_expression_moves_the_camera_like_keyframes_of_every_frame(folder, capsys):
    keys = [item for n in range(4) for item in ("--at", f"{n}:zoom={1 + 0.05 * n:g}")]
    film = [*NOISE, "--frames", "4", "--no-recipe"]
    assert main([*film, *keys, "-o", "keys.mp4"]) == 0
    assert main([*film, "--at", "zoom=1+0.05*t", "-o", "curve.mp4"]) == 0
    assert (folder / "keys.mp4").read_bytes() == (folder / "curve.mp4").read_bytes()
    line = run_failing(capsys, *film, "--at", "zoom=1+0.5*t", "-o", "a.mp4")
    assert "zoom is 2.5 at frame 3, but it should be at most 2" in line
    line = run_failing(capsys, *film, "--at", "zoom=1+bass", "-o", "a.mp4")
    assert "--music" in line
    assert list_files(folder) == {"keys.mp4", "curve.mp4"}


def test_the_recipe_of_a_film_holds_its_expressions(folder):
    at = ["--at", "rotate=0:(1), 2:(1+t)", "--at", "layer=[relu1_1, relu1_2][t % 2]"]
    assert main([*NOISE, "--frames", "3", *at, "-o", "one.mp4"]) == 0
    again = ["zoom", "noise", "--recipe", "one.mp4", "--size", "64x48", "--frames", "3", "--quiet"]
    assert main([*again, "-o", "two.mp4"]) == 0
    assert (folder / "one.mp4").read_bytes() == (folder / "two.mp4").read_bytes()


def test_a_draft_has_half_the_size_and_fewer_octaves(folder):
    Image.fromarray(moving_scene(1, size=(96, 160))[0]).save("a.png")
    short = ["--layer", "relu1_1", "--iterations", "1", "--frames", "1", "--draft", "--quiet"]
    for photo, size, expected in (
        ("noise", ["--size", "160x96"], "80x48"),
        ("a.png", [], "80x48"),
        ("a.png", ["--size", "128"], "64x38"),
    ):
        arguments = ["zoom", photo, *size, *short, "--octaves", "3", "-o", "z.mp4", "--force"]
        assert main(arguments) == 0
        with av.open("z.mp4") as container:
            recipe = Recipe.from_json(container.metadata["comment"])
        assert (recipe.size, recipe.octaves) == (expected, 1)
