"""``puppyslug film``: length, timing, sound and settings of a dreamt film."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from puppyslug.cli import main
from puppyslug.video.reader import read_frames
from support.commands import list_files, run_failing
from support.films import decode_with_opencv, encode_video, moving_scene, write_tone
from support.kills import assert_resumes_after_kills

SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "1", "--quiet"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mean_changes(folder, *arguments):
    """Dream in.mp4; return the mean absolute change of each frame, in grey levels."""
    best = ["--quality", "100", "--force", "-o", "out.mp4"]
    assert main(["film", "in.mp4", *arguments, *best]) == 0
    before, after = (decode_with_opencv(folder / name) for name in ("in.mp4", "out.mp4"))
    return [np.abs(b.astype(float) - a).mean() for a, b in zip(before, after, strict=True)]


def test_a_film_keeps_its_length_frame_rate_and_sound(folder):
    encode_video(folder / "in.mp4", moving_scene(15), fps=30, tone=True)
    assert main(["film", "in.mp4", *SHORT, "-o", "out.mp4"]) == 0
    times = [frame.time for frame in read_frames(folder / "out.mp4")]
    assert times == [Fraction(n, 30) for n in range(15)]
    with av.open("out.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (160, 96, 30)
        *_, last = container.decode(audio=0)
        assert last.time + last.samples / 44100 == pytest.approx(0.5, abs=0.05)
    assert list_files(folder) == {"in.mp4", "out.mp4"}


def test_sound_that_cannot_be_used_is_left_out_before_the_first_frame(folder, capsys):
    source = write_tone(folder / "in.mov", "pcm_s16le", seconds=0.2)
    source.write_bytes(source.read_bytes().replace(b"sowt", b"zzzz"))
    assert main(["film", "in.mov", *SHORT[:-1], "-o", "out.mp4"]) == 0
    messages = capsys.readouterr().err.splitlines()
    notice = "the sound of in.mov is left out: its codec is unknown"
    assert messages.count(notice) == 1
    assert messages.index(notice) < next(n for n, line in enumerate(messages) if "about" in line)
    assert list_files(folder) == {"in.mov", "out.mp4"}


@pytest.mark.parametrize("output", ["out.webm", "out.gif", "out.mp4"])
def test_transparency_is_kept_or_reported(folder, capsys, output):
    alpha = np.zeros((32, 48), np.uint8)
    alpha[:, 10:40] = 255
    images = []
    for picture in moving_scene(3, size=(32, 48)):
        images.append(Image.fromarray(picture))
        images[-1].putalpha(Image.fromarray(alpha))
    images[0].save("in.gif", save_all=True, append_images=images[1:], duration=100, disposal=2)
    assert main(["film", "in.gif", *SHORT[:-1], "-o", output]) == 0
    reported = "does not support transparency" in capsys.readouterr().err
    assert reported == (output == "out.mp4")
    if not reported:
        for frame in read_frames(folder / output):
            assert np.abs(frame.alpha.astype(int) - alpha).mean() < 6


def test_a_colon_in_a_name_is_an_ordinary_character(folder):
    encode_video(folder / "a:b.mp4", moving_scene(3))
    assert main(["film", "a:b.mp4", *SHORT, "-o", "c:d.mp4"]) == 0
    assert list_files(folder) == {"a:b.mp4", "c:d.mp4"}


def test_a_film_with_a_variable_frame_rate_keeps_its_times(folder):
    times = [0, 40, 100, 110, 250, 290]
    encode_video(folder / "in.mkv", moving_scene(6), times=times)
    assert main(["film", "in.mkv", *SHORT, "--flow", "none", "-o", "out.mp4"]) == 0
    read = [float(frame.time) for frame in read_frames(folder / "out.mp4")]
    assert read == pytest.approx([time / 1000 for time in times], abs=1e-3)


def test_another_frame_rate_changes_the_duration_and_drops_the_sound(folder, capsys):
    encode_video(folder / "in.mp4", moving_scene(4), fps=25, tone=True)
    assert main(["film", "in.mp4", *SHORT[:-1], "--fps", "10", "-o", "out.mp4"]) == 0
    assert "in.mp4" in capsys.readouterr().err
    with av.open("out.mp4") as container:
        assert not container.streams.audio
        assert container.streams.video[0].average_rate == 10


def test_a_gif_has_no_sound(folder, capsys):
    encode_video(folder / "in.mp4", moving_scene(4), tone=True)
    assert main(["film", "in.mp4", *SHORT[:-1], "-o", "out.gif"]) == 0
    assert "GIF" in capsys.readouterr().err


@pytest.mark.parametrize(
    "settings",
    [
        ["--see", "goldfish"],
        ["--layer", "relu1_1", "--mask", "mask.png"],
        ["--layer", "relu1_1", "--mask", "see(coffee)"],
        ["--layer", "relu2_1", "--guide", "guide.png"],
        ["--at", "0:relu1_1", "--at", "2:relu1_2"],
    ],
)
def test_classes_masks_guides_and_keyframes_work_in_films(folder, settings):
    encode_video(folder / "in.mp4", moving_scene(3, size=(96, 128)))
    mask = np.zeros((96, 128), np.uint8)
    mask[:, :64] = 255
    Image.fromarray(mask).save("mask.png")
    Image.fromarray(moving_scene(1)[0]).save("guide.png")
    small = ["--octaves", "1", "--iterations", "1", "--quiet"]
    assert main(["film", "in.mp4", *settings, *small, "-o", "out.mp4"]) == 0
    assert len(decode_with_opencv(folder / "out.mp4")) == 3


def test_keyframes_change_the_strength_and_the_step_size(folder):
    encode_video(folder / "in.mp4", moving_scene(9))
    keyframes = ["--at", "0:strength=0", "--at", "8:strength=1", "--step-size", "8"]
    changes = mean_changes(folder, *SHORT, *keyframes)
    assert changes[0] < 2
    assert changes[8] > changes[4] + 1 > changes[0] + 3
    keyframes = ["--at", "0:step_size=0.5", "--at", "8:step_size=4"]
    changes = mean_changes(folder, *SHORT, *keyframes)
    assert changes[8] > 1.5 * changes[0]


def test_keyframes_change_the_objective(folder):
    encode_video(folder / "in.mp4", moving_scene(5))
    best = ["--quality", "100", *SHORT[2:]]
    keyframes = ["--at", "0:relu1_1", "--at", "2:relu2_1"]
    assert main(["film", "in.mp4", *best, "--layer", "relu1_1", "-o", "a.mp4"]) == 0
    assert main(["film", "in.mp4", *best, *keyframes, "-o", "b.mp4"]) == 0
    first, second = (decode_with_opencv(folder / name) for name in ("a.mp4", "b.mp4"))
    assert np.abs(first[0].astype(float) - second[0]).mean() < 1
    assert np.abs(first[4].astype(float) - second[4]).mean() > 1


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["gone.mp4", "-o", "a.mp4"], ["gone.mp4"]),
        (["text.mp4", "-o", "a.mp4"], ["text.mp4"]),
        (["in.mp4", "-o", "a.mp4", "--flow", "left"], ["left", "dis"]),
        (["in.mp4", "-o", "in.mp4"], ["in.mp4"]),
        (["in.mp4", "-o", "in.mp4", "--force"], ["in.mp4"]),
        (["in.mp4", "-o", "a.mp4", "--fps", "9999"], ["--fps", "9999"]),
    ],
)
def test_errors_name_the_wrong_value_and_write_nothing(folder, capsys, arguments, parts):
    encode_video(folder / "in.mp4", moving_scene(3))
    (folder / "text.mp4").write_text("not a video")
    line = run_failing(capsys, "film", *arguments)
    for part in parts:
        assert part in line
    assert list_files(folder) == {"in.mp4", "text.mp4"}


@pytest.mark.slow
def test_a_film_killed_at_any_moment_resumes_to_the_same_film(folder):
    encode_video(folder / "in.mp4", moving_scene(24))
    assert_resumes_after_kills(folder, ["film", "in.mp4", *SHORT], frames=24)


def test_expressions_change_how_much_a_film_is_dreamt(folder, capsys):
    encode_video(folder / "in.mp4", moving_scene(6), fps=25)
    changes = mean_changes(folder, *SHORT, "--step-size", "20", "--at", "strength=step 0:0, 3:1")
    assert max(changes[:3]) < 3 < min(changes[3:])
    line = run_failing(capsys, "film", "in.mp4", "--at", "zoom=1.1", "-o", "a.mp4")
    assert "zoom moves the camera" in line


def test_a_draft_dreams_every_fourth_frame(folder):
    encode_video(folder / "in.mp4", moving_scene(6), fps=25)
    film = ["film", "in.mp4", *SHORT]
    assert main([*film, "--draft", "-o", "draft.mp4"]) == 0
    assert main([*film, "--every", "4", "-o", "fourth.mp4"]) == 0
    assert main([*film, "--every", "1", "-o", "every.mp4"]) == 0
    assert main([*film, "-o", "plain.mp4"]) == 0
    draft, fourth, every, plain = (
        (folder / f"{name}.mp4").read_bytes() for name in ("draft", "fourth", "every", "plain")
    )
    assert draft == fourth
    assert every == plain != draft
    assert len(decode_with_opencv(folder / "draft.mp4")) == 6
