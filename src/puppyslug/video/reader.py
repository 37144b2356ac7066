"""Reads video files: timed RGB frames from anything that FFmpeg decodes (PyAV)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from puppyslug.errors import VideoError, plural
from puppyslug.video.frames import Pixels, TimedFrame
from puppyslug.video.tone_mapping import HDR_TRANSFERS, to_sdr

VideoSource = Path | BinaryIO  # the str() of a file object must be its name, for error messages
BT709, BT601 = 1, 5  # FFmpeg's numbers of the colour spaces
KNOWN_COLOUR_SPACES = (BT709, BT601, 6, 9)
MIN_HD_HEIGHT = 720  # pixels; smaller videos without a colour space are taken for BT.601


@dataclass(frozen=True)
class VideoInfo:
    """Properties of a video file.

    Attributes:
        path: path of the file.
        size: (height, width) of an upright frame.
        fps: average frames per second.
        has_audio: whether it has a sound track.
        notices: what the user should know about its format, one sentence each.
    """

    path: Path
    size: tuple[int, int]
    fps: Fraction
    has_audio: bool
    notices: tuple[str, ...]


def read_comment(path: Path) -> str:
    """Read the comment embedded in a video: the recipe, in one that puppyslug wrote.

    Raises:
        VideoError: the file cannot be read, or has no comment.
    """
    with _open_container(path) as container:
        tags = {name.lower(): text for name, text in container.metadata.items()}
    if not tags.get("comment"):
        raise VideoError(f"{path} contains no recipe; use a video that puppyslug wrote")
    return str(tags["comment"])


def probe_video(path: Path) -> VideoInfo:
    """Read the properties of a video.

    Raises:
        VideoError: the file cannot be read, or has no video stream.
    """
    with _open_container(path) as container:
        stream = _video_stream(container, path)
        try:
            first = next(_decode_frames(container, stream, []), None)
        except av.FFmpegError as error:
            raise VideoError(f"cannot read {path}: {error.strerror}") from error
        if first is None:
            raise VideoError(f"{path} has no readable frame; check whether the file is damaged")
        pixels = _to_rgb(first)
        bits = first.format.components[0].bits
        notices = []
        if first.color_trc in HDR_TRANSFERS:
            notices.append(f"{path.name} is HDR; it is tone-mapped to standard dynamic range")
        elif bits > 8:
            notices.append(f"{path.name} has {bits} bits per channel; it is converted to 8")
        return VideoInfo(
            path,
            (pixels.shape[0], pixels.shape[1]),
            Fraction(stream.average_rate or stream.guessed_rate or 25),
            bool(container.streams.audio),
            tuple(notices),
        )


def read_frames(
    source: VideoSource, notices: list[str] | None = None, *, first: int = 0
) -> Iterator[TimedFrame]:
    """Read the frames of a video in order.

    Args:
        source: the video.
        notices: list to which a sentence about unreadable parts is appended.
        first: index of the first frame to yield; earlier ones are decoded and skipped.

    Yields:
        The readable frames; damaged parts do not shift the times of the others.

    Raises:
        VideoError: the video cannot be read at all.
    """
    with _open_container(source) as container:
        stream = _video_stream(container, source)
        start: Fraction | None = None
        last = Fraction(-1)
        for number, frame in enumerate(_decode_frames(container, stream, notices)):
            rate = Fraction(stream.average_rate or 25)
            time = number / rate if frame.pts is None else frame.pts * Fraction(frame.time_base)
            start = time if start is None else start
            if time - start <= last:  # timestamps restart in concatenated files: continue from last
                start = time - last - 1 / rate
            last = time - start
            if number >= first:
                yield TimedFrame(last, _to_rgb(frame))


def _open_container(source: VideoSource) -> Any:
    try:
        return av.open(str(source) if isinstance(source, Path) else source)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"cannot read {source} as a video: {reason}") from error


def _video_stream(container: Any, source: VideoSource) -> Any:
    if not container.streams.video:
        raise VideoError(f"{source} has no video stream; choose a video file")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def _decode_frames(container: Any, stream: Any, notices: list[str] | None) -> Iterator[Any]:
    """Decode all frames of a stream, skipping what cannot be decoded."""
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                damaged += 1
    except av.FFmpegError:  # the container is truncated or damaged
        damaged += 1
    if damaged and notices is not None:
        notices.append(f"skipped {plural(damaged, 'unreadable part')} of the video")


def _to_rgb(frame: Any) -> Pixels:
    """Convert a decoded frame to H×W×3 RGB, rotated upright."""
    space = frame.colorspace
    if space not in KNOWN_COLOUR_SPACES:
        space = BT709 if frame.height >= MIN_HD_HEIGHT else BT601
    if frame.color_trc in HDR_TRANSFERS:
        deep = frame.reformat(format="rgb48le", src_colorspace=space, dst_colorspace=space)
        pixels = to_sdr(deep.to_ndarray().astype(np.float32) / 65535, frame.color_trc)
    else:
        rgb = frame.reformat(
            format="rgb24", src_colorspace=space, src_color_range=frame.color_range or None
        )
        pixels = rgb.to_ndarray()
    quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns))
