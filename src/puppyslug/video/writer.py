"""Writes video files: H.264 in MP4, VP9 in WebM (PyAV), and animated GIF (Pillow)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from PIL import Image

from puppyslug.errors import OutputError
from puppyslug.recipe.defaults import FILM_QUALITY
from puppyslug.video.frames import Pixels, TimedFrame

MPEG_CLOCK_RATE = 90_000  # ticks per second, for the times of variable frame rates
GIF_COLOURS = 256


class _Container(NamedTuple):
    """How a container format is encoded.

    Attributes:
        video_encoder: FFmpeg's name.
        options: of the video encoder, apart from the quality.
        best_crf, worst_crf: rate factors of quality 100 and 0.
        audio_encoder: FFmpeg's name, for sound that has to be re-encoded.
        copied_audio: codecs of sound that is copied without re-encoding.
    """

    video_encoder: str
    options: dict[str, str]
    best_crf: int
    worst_crf: int
    audio_encoder: str
    copied_audio: frozenset[str]


_CONTAINERS = {
    ".mp4": _Container(
        "libx264",
        # mbtree reads uninitialised memory on AVX-512 (x264 165), so that the same frames gave
        # different files. Without it files grow by a fifth, mostly with a better PSNR.
        {"preset": "medium", "x264-params": "mbtree=0"},
        10,
        40,
        "aac",
        frozenset({"aac", "mp3", "ac3", "alac"}),
    ),
    ".webm": _Container(
        "libvpx-vp9",
        {"deadline": "good", "cpu-used": "4", "b": "0", "row-mt": "1"},
        18,
        55,
        "libopus",
        frozenset({"opus", "vorbis"}),
    ),
}
SUFFIXES = (*_CONTAINERS, ".gif")


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


def write_video(
    path: Path,
    frames: Iterable[TimedFrame],
    *,
    fps: Fraction,
    time_base: Fraction | None = None,
    quality: int = FILM_QUALITY,
    audio_from: Path | None = None,
    comment: str = "",
) -> None:
    """Write a video atomically.

    Args:
        path: its suffix selects the format.
        frames: all of one size; an odd last row or column is repeated, since H.264 and VP9 need
            even sizes. Times start at 0.
        fps: frames per second, on average.
        time_base: unit of the frames' times, in seconds; None for 1 / fps, a constant rate.
        quality: 0 to 100.
        audio_from: a video whose sound track is used; copied where the format supports its codec.
        comment: text to embed in the file, where the format supports it.

    Raises:
        OutputError: the video cannot be written.
    """
    check_suffix(path)
    partial = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        if path.suffix.lower() == ".gif":
            _write_gif(partial, frames, fps)
        else:
            with av.open(str(partial), "w", options=_muxer_options(path)) as output:
                if comment:
                    output.metadata["comment"] = comment
                form = _CONTAINERS[path.suffix.lower()]
                timing = _Timing(fps, time_base or 1 / fps)
                _mux(output, form, frames, timing, quality, audio_from)
        partial.replace(path)
    except OSError as error:  # includes PyAV's errors
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write {path}: {reason}; check the folder and the free disk space"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


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
    audio_from: Path | None,
) -> None:
    """Encode the frames, and interleave them with the packets of the sound track."""
    stream: Any = None
    audio: Iterator[Any] = iter(())
    audio_packet: Any = None
    for frame in frames:
        if stream is None:
            stream = _add_video_stream(output, form, frame.pixels, timing, quality)
            audio = _audio_packets(output, form, audio_from)
            audio_packet = next(audio, None)
        for packet in stream.encode(_to_video_frame(frame, timing)):
            output.mux(packet)
        while audio_packet is not None and audio_packet.pts * audio_packet.time_base <= frame.time:
            output.mux(audio_packet)
            audio_packet = next(audio, None)
    if stream is None:
        raise _no_frames()
    for packet in stream.encode():
        output.mux(packet)
    while audio_packet is not None:
        output.mux(audio_packet)
        audio_packet = next(audio, None)


def _add_video_stream(
    output: Any, form: _Container, pixels: Pixels, timing: _Timing, quality: int
) -> Any:
    stream = output.add_stream(form.video_encoder, rate=timing.fps)
    height, width = pixels.shape[:2]
    stream.width, stream.height = width + width % 2, height + height % 2
    stream.pix_fmt = "yuv420p"
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
    pixels = np.pad(frame.pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    converted = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    converted = converted.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
    converted.time_base = timing.time_base
    converted.pts = round(frame.time / timing.time_base)
    converted.duration = max(1, round(1 / timing.fps / timing.time_base))
    return converted


def _audio_packets(output: Any, form: _Container, source: Path | None) -> Iterator[Any]:
    """Add the sound track of a video; return its packets, from the first video frame on."""
    if source is None:
        return iter(())
    container = av.open(str(source))
    if not container.streams.audio:
        container.close()
        return iter(())
    old = container.streams.audio[0]
    video = container.streams.video[0]
    start = (video.start_time or 0) * Fraction(video.time_base or 1)
    if old.codec_context.name in form.copied_audio:
        return _copy_audio(container, old, output.add_stream_from_template(old), start)
    rate = 48_000 if form.audio_encoder == "libopus" else None
    new = output.add_stream(form.audio_encoder, rate=rate)
    return _reencode_audio(container, old, new, start)


def _copy_audio(container: Any, old: Any, new: Any, start: Fraction) -> Iterator[Any]:
    with container:
        for packet in container.demux(old):
            if packet.dts is not None:
                shift = round(start / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = new
                yield packet


def _reencode_audio(container: Any, old: Any, new: Any, start: Fraction) -> Iterator[Any]:
    with container:
        for frame in container.decode(old):
            if frame.pts is not None:
                frame.pts -= round(start / frame.time_base)
            yield from new.encode(frame)
        yield from new.encode()


def _write_gif(path: Path, frames: Iterable[TimedFrame], fps: Fraction) -> None:
    pictures: list[Image.Image] = []
    times: list[int] = []  # hundredths of a second, the unit of GIF
    for frame in frames:
        picture = Image.fromarray(frame.pixels)
        pictures.append(picture.quantize(GIF_COLOURS, Image.Quantize.MEDIANCUT))
        times.append(round(frame.time * 100))
    if not pictures:
        raise _no_frames()
    times.append(times[-1] + round(100 / fps))
    durations = [max(2, end - start) * 10 for start, end in pairwise(times)]
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False
    )


def _no_frames() -> OutputError:
    return OutputError("cannot write a video without frames; render at least one")
