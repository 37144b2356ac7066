"""Reads films: frames as RGB with their times, whatever FFmpeg reads (PyAV)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from puppyslug.errors import VideoError
from puppyslug.video.tone_mapping import HDR_TRANSFERS, to_sdr

Pixels = NDArray[np.uint8]
Film = Path | BinaryIO  # in memory, str() of it should be a name
BT709, BT601 = 1, 5  # FFmpeg's numbers of colour spaces, where a film does not say its own
HD_HEIGHT = 720


class Frame(NamedTuple):
    """One frame of a film.

    Attributes:
        time: seconds after the first frame.
        pixels: H×W×3 RGB, upright.
    """

    time: Fraction
    pixels: Pixels


@dataclass(frozen=True)
class Clip:
    """A film's properties.

    Attributes:
        path: its file.
        size: (height, width) of an upright frame.
        fps: frames a second on average.
        has_audio: whether it has sound.
        notices: what the user should know of its format, a sentence each.
    """

    path: Path
    size: tuple[int, int]
    fps: Fraction
    has_audio: bool
    notices: tuple[str, ...]


def read_comment(path: Path) -> str:
    """The text that a film carries along, which is its recipe where puppyslug made it.

    Raises:
        VideoError: it cannot be read, or carries none.
    """
    with _container(path) as container:
        tags = {name.lower(): text for name, text in container.metadata.items()}
    if not tags.get("comment"):
        raise VideoError(f"{path} carries no recipe")
    return str(tags["comment"])


def open_clip(path: Path) -> Clip:
    """Look at a film.

    Raises:
        VideoError: it cannot be read, or has no picture.
    """
    with _container(path) as container:
        stream = _video(container, path)
        try:
            first = next(_decoded(container, stream, []), None)
        except av.FFmpegError as error:
            raise VideoError(f"{path} cannot be read: {error.strerror}") from error
        if first is None:
            raise VideoError(f"{path} has no frame that can be read; is it damaged?")
        pixels = _upright(first)
        notices = []
        if first.color_trc in HDR_TRANSFERS:
            notices.append(f"{path.name} is HDR; its light is brought into the usual range")
        elif first.format.components[0].bits > 8:
            bits = first.format.components[0].bits
            notices.append(f"{path.name} has {bits} bits a colour; 8 of them are kept")
        return Clip(
            path,
            (pixels.shape[0], pixels.shape[1]),
            Fraction(stream.average_rate or stream.guessed_rate or 25),
            bool(container.streams.audio),
            tuple(notices),
        )


def read_frames(path: Film, notices: list[str] | None = None, *, first: int = 0) -> Iterator[Frame]:
    """Read a film's frames in order.

    Args:
        path: the film.
        notices: gets a sentence for every stretch that cannot be read; the others keep their time.
        first: number of the frame to begin with; those before it are decoded and left out.

    Raises:
        VideoError: the film cannot be read at all.
    """
    with _container(path) as container:
        stream = _video(container, path)
        start: Fraction | None = None
        last = Fraction(-1)
        for number, frame in enumerate(_decoded(container, stream, notices)):
            rate = Fraction(stream.average_rate or 25)
            time = number / rate if frame.pts is None else frame.pts * Fraction(frame.time_base)
            start = time if start is None else start
            if time - start <= last:  # films put together begin again: they go on from there
                start = time - last - 1 / rate
            last = time - start
            if number >= first:
                yield Frame(last, _upright(frame))


def _container(path: Film) -> Any:
    try:
        return av.open(str(path) if isinstance(path, Path) else path)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"{path} cannot be read as a film: {reason}") from error


def _video(container: Any, path: Film) -> Any:
    if not container.streams.video:
        raise VideoError(f"{path} has no picture, only sound or text; name a film")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def _decoded(container: Any, stream: Any, notices: list[str] | None) -> Iterator[Any]:
    """Every frame that can be decoded; what cannot is left out and noted."""
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                damaged += 1
    except av.FFmpegError:  # the container itself breaks off
        damaged += 1
    if damaged and notices is not None:
        notices.append(
            f"{damaged} place{'s' if damaged > 1 else ''} of the film could not be read and "
            f"{'are' if damaged > 1 else 'is'} left out; the rest keeps its time"
        )


def _upright(frame: Any) -> Pixels:
    """A frame as H×W×3 RGB, turned as its file says."""
    space = frame.colorspace
    if space not in (BT709, BT601, 6, 9):
        space = BT709 if frame.height >= HD_HEIGHT else BT601
    if frame.color_trc in HDR_TRANSFERS:
        wide = frame.reformat(format="rgb48le", src_colorspace=space, dst_colorspace=space)
        pixels = to_sdr(wide.to_ndarray().astype(np.float32) / 65535, frame.color_trc)
    else:
        plain = frame.reformat(
            format="rgb24", src_colorspace=space, src_color_range=frame.color_range or None
        )
        pixels = plain.to_ndarray()
    quarters = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarters))
