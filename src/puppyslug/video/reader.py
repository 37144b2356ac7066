"""Reads video files: timed RGB frames from anything that FFmpeg or Pillow decodes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av

from puppyslug.errors import VideoError, plural
from puppyslug.video.animation import animation_frames, open_animation
from puppyslug.video.container import (
    VideoSource,
    decode_packets,
    open_container,
    open_video,
)
from puppyslug.video.conversion import MAX_PIXEL_ASPECT, Picture, convert_frame, fit
from puppyslug.video.frames import TimedFrame
from puppyslug.video.tone_mapping import HDR_TRANSFERS


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
    with open_container(path) as container:
        tags = {name.lower(): text for name, text in container.metadata.items()}
    if not tags.get("comment"):
        raise VideoError(f"{path} contains no recipe; use a video that puppyslug wrote")
    return str(tags["comment"])


def probe_video(path: Path) -> VideoInfo:
    """Read the properties of a video.

    Raises:
        VideoError: the file cannot be read, or has no video stream.
    """
    animation = open_animation(path)
    if animation is not None:
        with animation:
            return _probe_animation(path, animation)
    with open_video(path) as (container, stream):
        aspect = stream.sample_aspect_ratio
        try:
            first = next(decode_packets(container, stream, []), None)
        except av.FFmpegError as error:
            raise VideoError(f"cannot read {path}: {error.strerror}") from error
        if first is None:
            raise VideoError(f"{path} has no readable frame; check whether the file is damaged")
        pixels = _convert(path, lambda: convert_frame(first, aspect)).pixels
        return VideoInfo(
            path,
            (pixels.shape[0], pixels.shape[1]),
            Fraction(stream.average_rate or stream.guessed_rate or 25),
            bool(container.streams.audio),
            _format_notices(path, first, aspect),
        )


def _probe_animation(path: Path, animation: Any) -> VideoInfo:
    frames = list(animation_frames(animation, path, []))
    size = frames[0].picture.pixels.shape[:2]
    seconds = frames[-1].time + frames[-1].duration
    return VideoInfo(path, (size[0], size[1]), len(frames) / seconds, False, ())


def _format_notices(path: Path, frame: Any, aspect: Fraction | None) -> tuple[str, ...]:
    """Return what the user should know about the format of a video's first frame."""
    notices = []
    bits = frame.format.components[0].bits
    if frame.color_trc in HDR_TRANSFERS:
        notices.append(f"{path.name} is HDR; it is tone-mapped to standard dynamic range")
    elif bits > 8:
        notices.append(f"{path.name} has {bits} bits per channel; it is converted to 8")
    if aspect and not 1 / MAX_PIXEL_ASPECT <= aspect <= MAX_PIXEL_ASPECT:
        ratio = f"{aspect.numerator}:{aspect.denominator}"
        notices.append(f"{path.name} has an implausible pixel aspect ratio, {ratio}; it is ignored")
    return tuple(notices)


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
    shape: tuple[int, int] | None = None
    damage: list[str] = []
    fitted = 0
    for number, (time, duration, convert) in enumerate(_timed_frames(source, damage)):
        if shape is not None and number < first:
            continue
        picture = _convert(source, convert)
        height, width = picture.pixels.shape[:2]
        shape = shape or (height, width)
        if (height, width) != shape:
            picture = fit(picture, shape)
            fitted += 1
        if number >= first:
            yield TimedFrame(time, picture.pixels, duration, picture.alpha)
    if notices is None:
        return
    if damage:
        notices.append(f"skipped {plural(len(damage), 'unreadable part')} of the video")
    if fitted and shape is not None:
        size = f"{shape[1]}×{shape[0]}"
        notices.append(f"{plural(fitted, 'frame')} of another size fitted into {size} with borders")


def _timed_frames(
    source: VideoSource, damage: list[str]
) -> Iterator[tuple[Fraction, Fraction | None, Callable[[], Picture]]]:
    """Decode a video; yield the time and the duration of each frame, and a function to convert it.

    Times restart in concatenated files; there they continue from the last frame.
    """
    animation = open_animation(source)
    if animation is not None:
        with animation:
            for decoded in animation_frames(animation, source, damage):
                yield decoded.time, decoded.duration, partial(getattr, decoded, "picture")
        return
    with open_video(source) as (container, stream):
        start: Fraction | None = None
        last = Fraction(-1)
        for number, frame in enumerate(decode_packets(container, stream, damage)):
            rate = Fraction(stream.average_rate or 25)
            time = number / rate if frame.pts is None else frame.pts * Fraction(frame.time_base)
            start = time if start is None else start
            if time - start <= last:
                start = time - last - 1 / rate
            last = time - start
            duration = (frame.duration or 0) * Fraction(frame.time_base or 0)
            yield last, duration or None, partial(convert_frame, frame, stream.sample_aspect_ratio)


def _convert(source: VideoSource, convert: Callable[[], Picture]) -> Picture:
    try:
        return convert()
    except (av.FFmpegError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"cannot convert a frame of {source} to RGB: {reason}") from error
