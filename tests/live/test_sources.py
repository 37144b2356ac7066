"""Sources of live frames."""

import io
import threading

import numpy as np
import pytest

from puppyslug.errors import VideoError
from puppyslug.live.newest import NewestFrames
from puppyslug.live.sources import MAX_FAILURES, fit_frame, play, read_camera, read_stream
from puppyslug.video.frames import TimedFrame
from support.films import encode_video, moving_scene


class Camera:
    """Delivers pictures, then fails."""

    def __init__(self, pictures, is_open=True):
        self.pictures, self.is_open, self.released = list(pictures), is_open, False

    def isOpened(self):  # noqa: N802
        return self.is_open

    def read(self):
        return (True, self.pictures.pop(0)) if self.pictures else (False, None)

    def release(self):
        self.released = True


def test_a_camera_delivers_rgb_and_says_when_it_is_gone():
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[..., 0] = 255  # blue for OpenCV
    camera = Camera([picture] * 2)
    frames = read_camera(0, 32, opener=lambda _: camera)
    assert next(frames).tolist() == np.full((24, 32, 3), (0, 0, 255)).tolist()
    next(frames)
    with pytest.raises(VideoError, match="camera 0 sends no more pictures"):
        next(frames)
    assert camera.released
    assert MAX_FAILURES > 1


def test_a_missing_camera_is_an_error_at_once():
    camera = Camera([], is_open=False)
    with pytest.raises(VideoError, match="cannot open camera 7"):
        read_camera(7, opener=lambda _: camera)
    assert camera.released


def test_a_stream_is_decoded_that_cannot_be_rewound(tmp_path):
    path = encode_video(tmp_path / "a.ts", moving_scene(5, size=(48, 64)))
    file = io.BytesIO(path.read_bytes())
    file.seekable = lambda: False
    frames = list(read_stream(file, 32))
    assert len(frames) == 5
    assert frames[0].shape == (24, 32, 3)


def test_a_stream_that_is_no_video_is_an_error():
    with pytest.raises(VideoError):
        next(read_stream(io.BytesIO(b"nothing" * 100)))


def test_frames_whose_time_has_passed_are_skipped():
    times = [0.0]
    frames = [TimedFrame(number / 10, np.full((2, 2, 3), number, np.uint8)) for number in range(20)]
    shown = []
    for frame in play(
        iter(frames), clock=lambda: times[0], sleep=lambda s: times.append(0) or None
    ):
        shown.append(int(frame.pixels[0, 0, 0]))
        times[0] = frame.time + 0.35  # as long as each dream takes
    assert shown[:4] == [0, 3, 6, 9]


def test_of_a_fast_camera_only_the_newest_frame_is_seen():
    release, written = threading.Event(), threading.Event()

    def source():
        yield np.full((2, 2, 3), 0, np.uint8)
        release.wait()
        for number in range(1, 6):
            yield np.full((2, 2, 3), number, np.uint8)
        written.set()

    frames = NewestFrames(source(), clock=lambda: 0.0)
    iterator = iter(frames)
    assert next(iterator).pixels.max() == 0
    release.set()
    written.wait()
    assert next(iterator).pixels.max() == 5
    assert frames.dropped == 4
    assert next(iterator, None) is None


def test_errors_of_a_camera_arrive_where_frames_are_asked_for():
    def source():
        yield np.zeros((2, 2, 3), np.uint8)
        raise VideoError("unplugged")

    with pytest.raises(VideoError, match="unplugged"):
        list(NewestFrames(source()))


def test_small_frames_keep_their_size():
    assert fit_frame(np.zeros((10, 20, 3), np.uint8), 640).shape == (10, 20, 3)
