"""Media files: names, the stream that is used, unknown codecs."""

import shutil
from fractions import Fraction

import av
import numpy as np
import pytest

from puppyslug.errors import VideoError
from puppyslug.video.reader import probe_video, read_frames
from puppyslug.video.writer import write_video
from support.films import at_constant_rate, encode_video, moving_scene

FPS = Fraction(25)
FRAME = np.full((48, 64, 3), 90, np.uint8)


def write_two_streams(path, counts, default=0):
    with av.open(str(path), "w") as container:
        streams = []
        for size in ((32, 32), (64, 48)):
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            streams.append(stream)
        for stream, count in zip(streams, counts, strict=True):
            for _ in range(count):
                picture = np.zeros((stream.height, stream.width, 3), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
            container.mux(stream.encode())
    return path


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize(("counts", "size"), [((1, 12), (48, 64)), ((12, 1), (32, 32))])
def test_a_stream_with_several_frames_is_preferred_to_a_still_image(tmp_path, suffix, counts, size):
    path = write_two_streams(tmp_path / f"a{suffix}", counts)
    assert probe_video(path).size == size
    assert len(list(read_frames(path))) == 12
    with path.open("rb") as file:
        assert len(list(read_frames(file))) == 12


@pytest.mark.parametrize("name", ["a:b.mp4", "http:x.mp4", "-a.mp4", "a%03d.mp4", "a b.mp4"])
def test_names_are_no_protocols_or_patterns(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    plain = encode_video(tmp_path / "plain.mp4", moving_scene(3))
    source = type(tmp_path)(name)
    shutil.copy(plain, source)
    assert len(list(read_frames(source))) == 3
    source.unlink()
    write_video(source, at_constant_rate(moving_scene(3)), fps=FPS)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([name, "plain.mp4"])


def test_a_video_of_an_unknown_codec_is_refused(tmp_path):
    path = encode_video(tmp_path / "a.mov", moving_scene(3))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))
    with pytest.raises(VideoError, match=r"a\.mov has a video codec that FFmpeg does not know"):
        probe_video(path)


def test_transparency_of_webm_is_read(tmp_path):
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, :32] = 255
    frames = [frame._replace(alpha=alpha) for frame in at_constant_rate([FRAME] * 3)]
    path = tmp_path / "a.webm"
    write_video(path, frames, fps=FPS, quality=100)
    for frame in read_frames(path):
        assert np.abs(frame.alpha.astype(int) - alpha).mean() < 4
        assert np.abs(frame.pixels.astype(int) - 90).max() < 6
