"""Writes video files: H.264 in MP4, VP9 in WebM (PyAV), and animated GIF (Pillow)."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from puppyslug.errors import OutputError, plural
from puppyslug.files.media import media_url
from puppyslug.files.names import shorten_name
from puppyslug.recipe.defaults import FILM_QUALITY
from puppyslug.video.frames import TimedFrame
from puppyslug.video.gif import write_gif
from puppyslug.video.sound import Sound, add_sound
from puppyslug.video.sound_plan import SoundError, plan_sound
from puppyslug.video.soundtrack import Soundtrack, add_soundtrack

MPEG_CLOCK_RATE = 90_000  # ticks per second, for the times of variable frame rates
MAX_PARTIAL_STEM = 200  # bytes


class _Container(NamedTuple):
    """How a container format is encoded.

    Attributes:
        name: FFmpeg's name.
        video_encoder: likewise.
        options: of the video encoder, apart from the quality.
        best_crf, worst_crf: rate factors of quality 100 and 0.
        audio_encoder: FFmpeg's name, for sound that has to be re-encoded.
        copied_audio: codecs of sound that is copied without re-encoding.
    """

    name: str
    video_encoder: str
    options: dict[str, str]
    best_crf: int
    worst_crf: int
    audio_encoder: str
    copied_audio: frozenset[str]


_CONTAINERS = {
    ".mp4": _Container(
        "mp4",
        "libx264",
        # mbtree reads uninitialised memory on AVX-512 (x264 165), so that the same frames gave
        # different files. Without it files grow by a fifth, mostly with a better PSNR.
        {"preset": "medium", "x264-params": "mbtree=0"},
        10,
        40,
        "aac",
        frozenset({"aac", "mp3", "ac3", "eac3", "alac", "flac", "opus"}),
    ),
    ".webm": _Container(
        "webm",
        "libvpx-vp9",
        {"deadline": "good", "cpu-used": "4", "b": "0", "row-mt": "1"},
        18,
        55,
        "libopus",
        frozenset({"opus", "vorbis"}),
    ),
}
SUFFIXES = (*_CONTAINERS, ".gif")
ALPHA_SUFFIXES = (".webm", ".gif")


class _Timing(NamedTuple):
    """Frame rate and time base of a video stream, both in FFmpeg's terms."""

    fps: Fraction
    time_base: Fraction


def check_suffix(path: Path) -> None:
    """Check that a path has the suffix of a supported format.

    Raises:
        OutputError: the suffix is unknown.
    """
    if path.suffix.lower() not in SUFFIXES:
        suffix = path.suffix or "no suffix"
        raise OutputError(
            f"cannot write {path} as a video: {suffix} is not supported; use one of "
            f"{', '.join(SUFFIXES)}"
        )


def supports_alpha(path: Path) -> bool:
    """Return whether the format of a path's suffix supports transparency."""
    return path.suffix.lower() in ALPHA_SUFFIXES


def write_video(
    path: Path,
    frames: Iterable[TimedFrame],
    *,
    fps: Fraction,
    time_base: Fraction | None = None,
    quality: int = FILM_QUALITY,
    audio_from: Path | Soundtrack | None = None,
    comment: str = "",
    notices: list[str] | None = None,
) -> None:
    """Write a video atomically.

    Sound that cannot be used is left out.

    Args:
        path: its suffix selects the format.
        frames: all of one size; an odd last row or column is repeated, since H.264 and VP9 need
            even sizes. Times start at 0.
        fps: frames per second, on average.
        time_base: unit of the frames' times, in seconds; None for 1 / fps, a constant rate.
        quality: 0 to 100.
        audio_from: a video whose sound track is used, copied where the format supports its codec;
            or a song.
        comment: text to embed in the file, where the format supports it.
        notices: list to which a sentence is appended for everything that is left out.

    Raises:
        OutputError: the video cannot be written.
    """
    check_suffix(path)
    notices = [] if notices is None else notices
    stem = shorten_name(path.stem, MAX_PARTIAL_STEM)
    partial = path.with_name(f".{stem}.part{path.suffix}")
    try:
        if path.suffix.lower() == ".gif":
            if not write_gif(partial, frames, fps):
                raise _no_frames()
        else:
            form = _CONTAINERS[path.suffix.lower()]
            timing = _Timing(fps, time_base or 1 / fps)
            with (
                _open_sound(audio_from, form, notices) as sound,
                av.open(media_url(partial), "w", options=_muxer_options(path)) as output,
            ):
                if comment:
                    output.metadata["comment"] = comment
                _mux(output, form, frames, timing, quality, sound, notices)
        partial.replace(path)
    except (OSError, av.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"cannot write {path}: {reason}; check the folder and the free disk space"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _open_sound(
    source: Path | Soundtrack | None, form: _Container, notices: list[str]
) -> Iterator[Callable[[Any], Iterator[Any]]]:
    """Open the sound track of a film; yield a function that adds it to a file."""
    damage: list[str] = []
    with contextlib.ExitStack() as stack:

        def add(output: Any) -> Iterator[Any]:
            sound = Sound(form.audio_encoder, form.copied_audio, form.name)
            if isinstance(source, Soundtrack):
                return add_soundtrack(output, source, sound, damage, stack)
            if source is None or plan is None:
                return iter(())
            return add_sound(output, source, plan, sound, damage, stack)

        plan = None
        if isinstance(source, Path):
            try:
                plan = plan_sound(source)
            except SoundError as error:
                notices.append(f"the sound of {source.name} is left out: {error}")
        yield add
    if damage:
        notices.append(f"skipped {plural(len(damage), 'unreadable part')} of the sound")


def _muxer_options(path: Path) -> dict[str, str]:
    """Return options of the muxer; without bitexact, WebM files contain a random number."""
    fast_start = {"movflags": "+faststart"} if path.suffix.lower() == ".mp4" else {}
    return {"fflags": "+bitexact", **fast_start}


def _mux(
    output: Any,
    form: _Container,
    frames: Iterable[TimedFrame],
    timing: _Timing,
    quality: int,
    sound: Callable[[Any], Iterator[Any]],
    notices: list[str],
) -> None:
    """Encode the frames, and interleave them with the packets of the sound track."""
    stream: Any = None
    track: _SoundTrack | None = None
    last: Any = None
    for frame in frames:
        if stream is None:
            stream = _add_video_stream(output, form, frame, timing, quality)
            track = _SoundTrack(output, sound(output), notices)
        last = _to_video_frame(frame, timing)
        for packet in stream.encode(last):
            output.mux(packet)
        if track is not None:
            track.mux_until(frame.time)
    if stream is None or track is None:
        raise _no_frames()
    for packet in stream.encode():
        if packet.pts == last.pts:  # encoders drop durations, which matter here only
            packet.duration = last.duration
        output.mux(packet)
    track.mux_until(None)


class _SoundTrack:
    """Writes the packets of a sound track; a failure ends the sound, but not the film."""

    def __init__(self, output: Any, packets: Iterator[Any], notices: list[str]) -> None:
        self._output = output
        self._packets = packets
        self._notices = notices
        self._next = self._read()

    def mux_until(self, time: Fraction | None) -> None:
        """Write the packets up to a time in seconds; None for all of them."""
        while self._next is not None:
            packet = self._next
            if time is not None and packet.pts * packet.time_base > time:
                return
            try:
                self._output.mux(packet)
            except ValueError as error:  # PyAV's for invalid data; a full disk is an OSError
                self._end(error)
                return
            self._next = self._read()

    def _read(self) -> Any:
        try:
            return next(self._packets, None)
        except (av.FFmpegError, ValueError) as error:
            self._end(error)
            return None

    def _end(self, error: Exception) -> None:
        self._next = None
        self._notices.append(f"the sound ends early: {getattr(error, 'strerror', None) or error}")


def _add_video_stream(
    output: Any, form: _Container, frame: TimedFrame, timing: _Timing, quality: int
) -> Any:
    stream = output.add_stream(form.video_encoder, rate=timing.fps)
    height, width = frame.pixels.shape[:2]
    stream.width, stream.height = width + width % 2, height + height % 2
    stream.pix_fmt = "yuv420p" if frame.alpha is None else "yuva420p"
    crf = round(form.worst_crf - (form.worst_crf - form.best_crf) * quality / 100)
    stream.options = {**form.options, "crf": str(crf)}
    if timing.time_base != 1 / timing.fps:  # B-frames distort durations at variable frame rates
        stream.options = {**stream.options, "bf": "0"}
    context = stream.codec_context
    context.time_base = timing.time_base
    context.color_range, context.colorspace = 1, 1  # limited range, BT.709
    context.color_primaries, context.color_trc = 1, 1
    return stream


def _to_video_frame(frame: TimedFrame, timing: _Timing) -> Any:
    """Convert a frame to BT.709 YUV, padded to even size."""
    height, width = frame.pixels.shape[:2]
    source, target, pixels = "rgb24", "yuv420p", frame.pixels
    if frame.alpha is not None:
        source, target, pixels = "rgba", "yuva420p", np.dstack((pixels, frame.alpha))
    pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    converted = av.VideoFrame.from_ndarray(pixels, format=source)
    converted = converted.reformat(format=target, dst_colorspace=1, dst_color_range=1)
    converted.time_base = timing.time_base
    converted.pts = round(frame.time / timing.time_base)
    duration = frame.duration or 1 / timing.fps
    converted.duration = max(1, round(duration / timing.time_base))
    return converted


def _no_frames() -> OutputError:
    return OutputError("cannot write a video without frames; render at least one")
