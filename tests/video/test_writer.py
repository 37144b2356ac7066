"""The video writer: formats, colours, times, sound, reproducible files, refused paths."""

import itertools
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from puppyslug.errors import OutputError
from puppyslug.video.frames import TimedFrame
from puppyslug.video.reader import read_frames
from puppyslug.video.writer import MPEG_CLOCK_RATE, SUFFIXES, check_suffix, write_video
from support.films import at_constant_rate, decode_with_opencv, encode_video, moving_scene

FPS = Fraction(25)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
@pytest.mark.parametrize("size", [(64, 96), (63, 95)])
def test_another_decoder_reads_the_frames_that_were_written(tmp_path, suffix, size):
    pictures = moving_scene(12, size=size)
    path = tmp_path / f"film{suffix}"
    write_video(path, at_constant_rate(pictures), fps=FPS, quality=95, comment="a recipe")
    decoded = decode_with_opencv(path)
    expected_size = size if suffix == ".gif" else (64, 96)  # H.264 and VP9 have even sizes
    assert len(decoded) == 12
    for frame, picture in zip(decoded, pictures, strict=True):
        assert frame.shape == (*expected_size, 3)
        error = np.abs(frame[: size[0], : size[1]].astype(float) - picture)
        assert error.mean() < 6
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".webm", "vp9")])
def test_stream_properties_and_comment(tmp_path, suffix, codec):
    path = tmp_path / f"film{suffix}"
    write_video(path, at_constant_rate(moving_scene(12)), fps=FPS, comment="a recipe")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == (codec, "yuv420p")
        assert stream.average_rate == 25
        assert container.duration == pytest.approx(12 / 25 * av.time_base, abs=2)
        tags = {name.lower(): text for name, text in container.metadata.items()}
        assert tags["comment"] == "a recipe"
    if suffix == ".mp4":  # can be played while it is still being downloaded
        data = path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")


def test_a_higher_quality_is_closer_to_the_frames(tmp_path):
    pictures = moving_scene(5)
    errors = []
    for quality in (10, 90):
        write_video(tmp_path / "a.mp4", at_constant_rate(pictures), fps=FPS, quality=quality)
        decoded = decode_with_opencv(tmp_path / "a.mp4")
        errors.append(np.abs(np.float32(decoded) - np.float32(pictures)).mean())
    assert errors[1] < 0.7 * errors[0]


def test_colours_survive_encoding_and_decoding(tmp_path):
    bars = np.zeros((64, 96, 3), np.uint8)
    for number, colour in enumerate(((200, 30, 30), (30, 180, 40), (40, 50, 210), (240, 240, 240))):
        bars[:, number * 24 : number * 24 + 24] = colour
    path = tmp_path / "a.mp4"
    write_video(path, at_constant_rate([bars] * 3), fps=FPS, quality=100)
    for frames in ([frame.pixels for frame in read_frames(path)], decode_with_opencv(path)):
        centres = frames[1][:, 12::24].astype(int)
        assert np.abs(centres - bars[:, 12::24]).max() <= 6


def test_variable_frame_times_survive(tmp_path):
    times = [Fraction(n, 1000) for n in (0, 40, 100, 110, 250)]
    frames = [
        TimedFrame(time, picture) for time, picture in zip(times, moving_scene(5), strict=True)
    ]
    time_base = Fraction(1, MPEG_CLOCK_RATE)
    write_video(tmp_path / "out.mp4", frames, fps=Fraction(20), time_base=time_base)
    decoded = [float(frame.time) for frame in read_frames(tmp_path / "out.mp4")]
    assert decoded == pytest.approx([float(time) for time in times], abs=1e-4)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_the_last_frame_of_a_variable_rate_lasts_one_frame(tmp_path, suffix):
    times = [Fraction(n, 100) for n in (0, 4, 30, 31, 90, 100)]
    frames = [
        TimedFrame(time, picture) for time, picture in zip(times, moving_scene(6), strict=True)
    ]
    path = tmp_path / f"a{suffix}"
    write_video(path, frames, fps=FPS, time_base=Fraction(1, MPEG_CLOCK_RATE))
    decoded = [float(frame.time) for frame in read_frames(path)]
    assert decoded == pytest.approx([0, 0.04, 0.3, 0.31, 0.9, 1.0], abs=0.011)
    with av.open(str(path)) as container:
        assert container.duration / av.time_base == pytest.approx(1.04, abs=0.02)


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "aac"), (".webm", "opus")])
def test_the_sound_track_keeps_its_length(tmp_path, suffix, codec):
    source = encode_video(tmp_path / "in.mp4", moving_scene(50, size=(32, 48)), tone=True)
    path = tmp_path / f"out{suffix}"
    frames = at_constant_rate(moving_scene(50, size=(32, 48)))
    write_video(path, frames, fps=FPS, audio_from=source)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == codec
        decoded = list(container.decode(container.streams.audio[0]))
        end = decoded[-1].time + decoded[-1].samples / decoded[-1].sample_rate
        assert end == pytest.approx(2.0, abs=1 / 25 + 0.03)
        assert decoded[0].time < 1 / 25


def test_a_source_without_sound_gives_a_video_without_sound(tmp_path):
    silent = encode_video(tmp_path / "silent.mp4", moving_scene(3))
    path = tmp_path / "out.mp4"
    write_video(path, at_constant_rate(moving_scene(3)), fps=FPS, audio_from=silent)
    with av.open(str(path)) as container:
        assert not container.streams.audio


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_sound_and_pictures_are_interleaved(tmp_path, suffix):
    source = encode_video(tmp_path / "in.mp4", moving_scene(100, size=(32, 48)), tone=True)
    frames = at_constant_rate(moving_scene(100, size=(32, 48)))
    path = tmp_path / f"out{suffix}"
    write_video(path, frames, fps=FPS, audio_from=source)
    with av.open(str(path)) as container:
        kinds = [packet.stream.type for packet in container.demux() if packet.size]
    longest = max(len(list(run)) for kind, run in itertools.groupby(kinds) if kind == "audio")
    assert longest < len(kinds) / 4


@pytest.mark.parametrize("name", ["a.avi", "film"])
def test_an_unknown_suffix_is_refused(name):
    with pytest.raises(OutputError) as caught:
        check_suffix(Path(name))
    assert name in str(caught.value)
    assert ".mp4, .webm, .gif" in str(caught.value)


def test_failures_leave_no_file(tmp_path):
    with pytest.raises(OutputError):
        write_video(tmp_path / "a.mp4", [], fps=FPS)
    with pytest.raises(OutputError):
        write_video(tmp_path / "a.gif", [], fps=FPS)
    with pytest.raises(OutputError, match=r"a\.mp4"):
        write_video(tmp_path / "no" / "a.mp4", at_constant_rate(moving_scene(1)), fps=FPS)
    assert list(tmp_path.iterdir()) == []


def test_files_do_not_depend_on_uninitialised_memory(tmp_path):
    """With MALLOC_PERTURB_, glibc fills the memory that it allocates."""
    code = (
        "import sys, pathlib, fractions; from support.films import at_constant_rate, moving_scene; "
        "from puppyslug.video.writer import SUFFIXES, write_video; "
        "frames = at_constant_rate(moving_scene(12)); "
        "[write_video(pathlib.Path(sys.argv[1]).with_suffix(suffix), frames, "
        "fps=fractions.Fraction(25)) for suffix in SUFFIXES]"
    )
    for byte in ("1", "165"):
        environment = {**os.environ, "MALLOC_PERTURB_": byte}
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
        subprocess.run([sys.executable, "-c", code, tmp_path / byte], check=True, env=environment)
    for suffix in SUFFIXES:
        files = [(tmp_path / byte).with_suffix(suffix).read_bytes() for byte in ("1", "165")]
        assert files[0] == files[1]
