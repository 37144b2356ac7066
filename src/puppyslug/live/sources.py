"""Sources of live frames: cameras, streams, and files that play in real time."""

import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import cv2

from puppyslug.errors import VideoError
from puppyslug.images.sizes import fit_size
from puppyslug.live.frames import CapturedFrame
from puppyslug.video.container import decode_packets, open_container
from puppyslug.video.conversion import convert_frame, resize_pixels
from puppyslug.video.frames import Pixels, TimedFrame

SHOWN_SIDE = 640  # pixels, longest side at which frames are shown
MAX_FAILURES = 30  # frames in a row that a camera may fail to deliver


def read_camera(
    number: int, side: int = SHOWN_SIDE, *, opener: Callable[[int], Any] | None = None
) -> Iterator[Pixels]:
    """Open a camera, and return its frames.

    Args:
        number: number of the camera, from 0.
        side: longest side of the frames, in pixels.
        opener: opens the camera; None for OpenCV.

    Raises:
        VideoError: there is no such camera, or another program uses it; while the frames are read:
            it was unplugged.
    """
    camera = (opener or _open_camera)(number)
    if not camera.isOpened():
        camera.release()
        raise VideoError(
            f"cannot open camera {number}; check that it is plugged in and that no other program "
            "uses it, or give another number or a video file"
        )
    return _camera_frames(camera, number, side)


def _open_camera(number: int) -> Any:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        camera = cv2.VideoCapture(number)
        camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return camera
    finally:
        cv2.utils.logging.setLogLevel(level)


def _camera_frames(camera: Any, number: int, side: int) -> Iterator[Pixels]:
    failures = 0
    try:
        while failures < MAX_FAILURES:
            successful, picture = camera.read()
            failures = 0 if successful else failures + 1
            if successful:
                yield fit_frame(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), side)
    finally:
        camera.release()
    raise VideoError(f"camera {number} sends no more pictures; check that it is plugged in")


def read_stream(source: BinaryIO, side: int = SHOWN_SIDE) -> Iterator[Pixels]:
    """Decode a video while it arrives, as from another program's output.

    Args:
        source: the stream; it need not be seekable.
        side: longest side of the frames, in pixels.

    Raises:
        VideoError: it is not a video that FFmpeg knows.
    """
    with open_container(source) as container:
        if not container.streams.video:
            raise VideoError("the stream has no video; send one, such as MPEG-TS or Matroska")
        stream = container.streams.video[0]
        for frame in decode_packets(container, stream, []):
            yield fit_frame(convert_frame(frame, stream.sample_aspect_ratio).pixels, side)


def play(
    frames: Iterator[TimedFrame],
    side: int = SHOWN_SIDE,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[CapturedFrame]:
    """Play a video in real time: each frame at its time, without those whose time has passed.

    Args:
        frames: frames of a file.
        side: longest side of the frames, in pixels.
        clock: returns the time in seconds.
        sleep: waits for a number of seconds.

    Yields:
        The frame that is due whenever one is asked for.
    """
    start: float | None = None
    pending: TimedFrame | None = None
    for frame in frames:
        now = clock()
        start = now if start is None else start
        if pending is not None and now < start + float(frame.time):
            yield _capture(pending, start, side, clock, sleep)
        pending = frame
    if pending is not None and start is not None:
        yield _capture(pending, start, side, clock, sleep)


def _capture(
    frame: TimedFrame,
    start: float,
    side: int,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> CapturedFrame:
    """Wait until a frame is due, and return it."""
    due = start + float(frame.time)
    wait = due - clock()
    if wait > 0:
        sleep(wait)
    return CapturedFrame(due, fit_frame(frame.pixels, side))


def fit_frame(pixels: Pixels, side: int) -> Pixels:
    """Scale a frame down to a longest side; smaller ones stay as they are."""
    return resize_pixels(pixels, fit_size((pixels.shape[0], pixels.shape[1]), side))
