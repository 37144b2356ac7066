"""When the sound of a film is heard, also where several files were joined to one."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av

from puppyslug.errors import VideoError
from puppyslug.video.container import audio_stream, open_video

MIN_RESTART = Fraction(1, 10)  # seconds by which timestamps go back where another file begins


class SoundError(VideoError):
    """A sound track cannot be used; the message says why, and goes on after "left out: "."""


class SoundPart(NamedTuple):
    """A part of a concatenated file, within which timestamps do not restart.

    Attributes:
        shift: added to its timestamps to get times after the film's first frame; None where the
            part follows the end of the one before it.
        end: time at which the next part begins, or None.
    """

    shift: Fraction | None
    end: Fraction | None = None


class SoundPlan(NamedTuple):
    """When the sound of a file is heard.

    Attributes:
        parts: at least one.
        end: time after the last frame of the film, in seconds.
    """

    parts: tuple[SoundPart, ...]
    end: Fraction


def plan_sound(source: Path) -> SoundPlan | None:
    """Read a film once, to learn when its sound is heard.

    In a concatenated film, pictures and sound both start again; each part of the sound belongs to
    the same part of the pictures.

    Returns:
        The plan; None for a film without sound.

    Raises:
        SoundError: the sound cannot be decoded.
        VideoError: the film cannot be read.
    """
    with open_video(source) as (container, video):
        if not container.streams.audio:
            return None
        audio = audio_stream(container, video)
        if audio is None:
            raise SoundError("its codec is unknown")
        decodable = False
        pictures: list[list[Fraction]] = []
        sounds: list[list[Fraction]] = []
        with suppress(av.FFmpegError):  # what can be read counts
            for packet in container.demux(video, audio):
                if packet.stream is audio and not decodable:
                    with suppress(av.FFmpegError):
                        decodable = bool(packet.decode())
                if packet.stream is audio:
                    _extend(sounds, packet, by_display=False)
                else:
                    _extend(pictures, packet, by_display=True)
        rate = Fraction(video.average_rate or 25)
    if not decodable:
        raise SoundError("no part of it can be decoded")
    return _align(pictures, len(sounds), 1 / rate)


def _extend(spans: list[list[Fraction]], packet: Any, *, by_display: bool) -> None:
    """Add a packet to the last span of its stream, or begin another one where time goes back.

    A span is [first time, last time, last decoding time].
    """
    moment = packet.dts if packet.dts is not None else packet.pts
    if moment is None:
        return
    decoded = moment * Fraction(packet.time_base)
    shown = decoded
    if by_display and packet.pts is not None:
        shown = packet.pts * Fraction(packet.time_base)
    if not spans or decoded < spans[-1][2] - MIN_RESTART:
        spans.append([shown, shown, decoded])
        return
    span = spans[-1]
    span[0], span[1] = min(span[0], shown), max(span[1], shown)
    span[2] = max(span[2], decoded)


def _align(spans: list[list[Fraction]], audio_parts: int, frame: Fraction) -> SoundPlan:
    """Give each part of the sound the time of its part of the pictures.

    Args:
        spans: first and last time of each part of the pictures.
        audio_parts: number of parts of the sound.
        frame: duration of a frame.
    """
    starts = [Fraction(0)]
    for first, last, _ in spans:
        starts.append(starts[-1] + last - first + frame)
    first_shift = -spans[0][0] if spans else Fraction(0)
    if len(spans) != audio_parts:
        parts = [SoundPart(first_shift), *[SoundPart(None)] * (audio_parts - 1)]
        return SoundPlan(tuple(parts), starts[-1])
    shifts = [start - span[0] for start, span in zip(starts, spans, strict=False)]
    ends = [*starts[1 : len(spans)], None]
    return SoundPlan(tuple(map(SoundPart, shifts, ends)), starts[-1])
