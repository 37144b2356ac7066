"""The video reader: times, colours, bit depths, damaged and unreadable files."""

import av
import numpy as np
import pytest

from puppyslug.errors import VideoError
from puppyslug.video.reader import probe_video, read_comment, read_frames
from support.films import encode_video, moving_scene


def test_variable_frame_times_are_read(tmp_path):
    times = [0, 40, 100, 110, 250]
    source = encode_video(tmp_path / "in.mkv", moving_scene(5), times=times)
    assert [float(frame.time) for frame in read_frames(source)] == [t / 1000 for t in times]


def test_properties_of_a_video(tmp_path):
    source = encode_video(tmp_path / "in.mp4", moving_scene(5, size=(64, 96)), fps=30, tone=True)
    info = probe_video(source)
    assert (info.path, info.size, info.fps, info.has_audio) == (source, (64, 96), 30, True)
    assert info.notices == ()
    silent = encode_video(tmp_path / "silent.mp4", moving_scene(2))
    assert not probe_video(silent).has_audio


def test_ten_bits_are_converted_with_a_notice(tmp_path):
    source = encode_video(tmp_path / "in.mp4", moving_scene(3), pix_fmt="yuv420p10le")
    (notice,) = probe_video(source).notices
    assert "in.mp4" in notice
    assert "10" in notice
    first = next(iter(read_frames(source))).pixels
    assert np.abs(first.astype(float) - moving_scene(1)[0]).mean() < 4


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_tone_mapped_with_a_notice(tmp_path, transfer):
    source = encode_video(
        tmp_path / "in.mp4", moving_scene(2), pix_fmt="yuv420p10le", color_trc=transfer
    )
    (notice,) = probe_video(source).notices
    assert "HDR" in notice
    pixels = next(iter(read_frames(source))).pixels
    assert pixels.dtype == np.uint8
    assert 20 < pixels.mean() < 235
    assert pixels.std() > 10


def test_a_damaged_part_is_skipped_and_the_other_frames_keep_their_times(tmp_path):
    pictures = moving_scene(40)
    intact = encode_video(tmp_path / "a.mp4", pictures, options={"g": "5", "bf": "0"})
    data = bytearray(intact.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 2000] = bytes(2000)
    damaged = tmp_path / "b.mp4"
    damaged.write_bytes(data)
    notices = []
    frames = list(read_frames(damaged, notices))
    assert 30 <= len(frames) < 40
    assert len(notices) == 1
    assert float(frames[-1].time) == pytest.approx(39 / 25)
    for frame in frames:
        number = round(frame.time * 25)
        if number < 15 or number > 30:
            assert np.abs(frame.pixels.astype(float) - pictures[number]).mean() < 4


@pytest.mark.parametrize("kind", ["text", "empty", "sound", "truncated", "missing"])
def test_a_file_that_is_no_video_is_refused(tmp_path, kind):
    path = tmp_path / "in.mp4"
    if kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=44100, layout="mono")
            part = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            part.rate = 44100
            container.mux(stream.encode(part))
            container.mux(stream.encode())
    elif kind == "truncated":
        data = encode_video(path, moving_scene(20)).read_bytes()
        path.write_bytes(data[: len(data) // 3])
    elif kind != "missing":
        path.write_text("no video" if kind == "text" else "")
    with pytest.raises(VideoError) as caught:
        probe_video(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_video_without_a_comment_has_no_recipe(tmp_path):
    path = encode_video(tmp_path / "in.mp4", moving_scene(2))
    with pytest.raises(VideoError, match=r"in\.mp4"):
        read_comment(path)


def test_times_continue_where_concatenated_videos_restart(tmp_path):
    data = encode_video(tmp_path / "a.ts", moving_scene(6)).read_bytes()
    (tmp_path / "two.ts").write_bytes(data + data)
    times = [frame.time for frame in read_frames(tmp_path / "two.ts")]
    assert len(times) == 12
    assert times == sorted(set(times))


@pytest.mark.parametrize("first", [0, 1, 11, 12])
def test_reading_can_start_at_any_frame_and_from_a_file_object(tmp_path, first):
    path = encode_video(tmp_path / "in.mp4", moving_scene(12))
    expected = list(read_frames(path))[first:]
    with path.open("rb") as opened:
        frames = list(read_frames(opened, first=first))
    assert [frame.time for frame in frames] == [frame.time for frame in expected]
    for frame, other in zip(frames, expected, strict=True):
        assert np.array_equal(frame.pixels, other.pixels)
