"""Writes films: H.264 in MP4 that plays everywhere, VP9 in WebM, GIF (PyAV, Pillow)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from PIL import Image

from puppyslug.errors import OutputError
from puppyslug.video.reader import Frame, Pixels

TICKS = 90_000  # a second, for films of uneven pace
QUALITY = 80  # of 0 to 100
GIF_COLOURS = 256


class _Format(NamedTuple):
    """What a container takes.

    Attributes:
        codec: FFmpeg's encoder.
        options: of the encoder, without the quality.
        best, worst: of its scale of quality (lower is better).
        audio: the encoder for sound that has to be encoded again.
        copied: sound that goes in as it is.
    """

    codec: str
    options: dict[str, str]
    best: int
    worst: int
    audio: str
    copied: frozenset[str]


_FORMATS = {
    ".mp4": _Format(
        "libx264",
        # Without mbtree, which on AVX-512 reads memory that nobody wrote: the same frames became
        # other files from run to run (x264 165). Films grow by a fifth, mostly with a better PSNR.
        {"preset": "medium", "x264-params": "mbtree=0"},
        10,
        40,
        "aac",
        frozenset({"aac", "mp3", "ac3", "alac"}),
    ),
    ".webm": _Format(
        "libvpx-vp9",
        {"deadline": "good", "cpu-used": "4", "b": "0", "row-mt": "1"},
        18,
        55,
        "libopus",
        frozenset({"opus", "vorbis"}),
    ),
}
SUFFIXES = (*_FORMATS, ".gif")


def check_suffix(path: Path) -> None:
    """Refuse what is no film's name.

    Raises:
        OutputError: the suffix is unknown.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"{path} is no film's name: {path.suffix or 'no suffix'} is unknown; use one of "
            f"{', '.join(SUFFIXES)}"
        )


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The next even (height, width), which is what H.264 and VP9 can have."""
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def write_film(
    path: Path,
    frames: Iterable[Frame],
    *,
    fps: Fraction,
    time_base: Fraction | None = None,
    quality: int = QUALITY,
    audio_from: Path | None = None,
    comment: str = "",
) -> None:
    """Write a film; a file of the same name is replaced once the new one is whole.

    Args:
        path: its suffix decides the format.
        frames: all of one size; an odd last row or column is doubled. Times count from 0.
        fps: frames a second, on average.
        time_base: of the frames' times, in seconds; None for 1 / fps, an even pace.
        quality: 0 to 100.
        audio_from: a film whose sound this one gets, as it is where the format takes it.
        comment: text that the file carries along, where its format has room for one.

    Raises:
        OutputError: it cannot be written.
    """
    check_suffix(path)
    partial = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        if path.suffix.lower() == ".gif":
            _write_gif(partial, frames, fps)
        else:
            with av.open(str(partial), "w", options=_flags(path)) as container:
                if comment:
                    container.metadata["comment"] = comment
                form = _FORMATS[path.suffix.lower()]
                pace = _Pace(fps, time_base or 1 / fps, quality)
                _write_container(container, form, frames, pace, audio_from)
        partial.replace(path)
    except OSError as error:  # PyAV's errors are OSErrors, too
        reason = error.strerror or str(error)
        raise OutputError(f"{path} cannot be written: {reason}") from error
    finally:
        partial.unlink(missing_ok=True)


class _Pace(NamedTuple):
    fps: Fraction
    time_base: Fraction
    quality: int


def _flags(path: Path) -> dict[str, str]:
    """Options of the container; bitexact keeps WebM from drawing itself a random number."""
    moved = {"movflags": "+faststart"} if path.suffix.lower() == ".mp4" else {}
    return {"fflags": "+bitexact", **moved}


def _write_container(
    container: Any, form: _Format, frames: Iterable[Frame], pace: _Pace, audio_from: Path | None
) -> None:
    stream: Any = None
    sound: Iterator[Any] = iter(())
    heard: Any = None
    for frame in frames:
        if stream is None:
            stream = _add_video(container, form, frame.pixels, pace)
            sound = _sound(container, form, audio_from)
            heard = next(sound, None)
        for packet in stream.encode(_coded(frame, pace)):
            container.mux(packet)
        while heard is not None and heard.pts * heard.time_base <= frame.time:
            container.mux(heard)
            heard = next(sound, None)
    if stream is None:
        raise OutputError("the film would have no frames")
    for packet in stream.encode():
        container.mux(packet)
    while heard is not None:
        container.mux(heard)
        heard = next(sound, None)


def _add_video(container: Any, form: _Format, pixels: Pixels, pace: _Pace) -> Any:
    stream = container.add_stream(form.codec, rate=pace.fps)
    height, width = even((pixels.shape[0], pixels.shape[1]))
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    crf = round(form.worst - (form.worst - form.best) * pace.quality / 100)
    stream.options = {**form.options, "crf": str(crf)}
    if pace.time_base != 1 / pace.fps:  # frames that wait for later ones spoil uneven durations
        stream.options = {**stream.options, "bf": "0"}
    context = stream.codec_context
    context.time_base = pace.time_base
    context.color_range, context.colorspace = 1, 1  # limited range, BT.709
    context.color_primaries, context.color_trc = 1, 1
    return stream


def _coded(frame: Frame, pace: _Pace) -> Any:
    """A frame for the encoder, in BT.709 and of even size."""
    height, width = frame.pixels.shape[:2]
    pixels = np.pad(frame.pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    picture = picture.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
    picture.time_base = pace.time_base
    picture.pts = round(frame.time / pace.time_base)
    picture.duration = max(1, round(1 / pace.fps / pace.time_base))
    return picture


def _sound(container: Any, form: _Format, source: Path | None) -> Iterator[Any]:
    """Packets of another film's sound, starting where its picture does."""
    if source is None:
        return iter(())
    given = av.open(str(source))
    if not given.streams.audio:
        given.close()
        return iter(())
    old = given.streams.audio[0]
    picture = given.streams.video[0]
    start = (picture.start_time or 0) * Fraction(picture.time_base or 1)
    if old.codec_context.name in form.copied:
        return _copied(given, old, container.add_stream_from_template(old), start)
    new = container.add_stream(form.audio, rate=48_000 if form.audio == "libopus" else None)
    return _encoded(given, old, new, start)


def _copied(given: Any, old: Any, new: Any, start: Fraction) -> Iterator[Any]:
    with given:
        for packet in given.demux(old):
            if packet.dts is not None:
                shift = round(start / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = new
                yield packet


def _encoded(given: Any, old: Any, new: Any, start: Fraction) -> Iterator[Any]:
    with given:
        for frame in given.decode(old):
            if frame.pts is not None:
                frame.pts -= round(start / frame.time_base)
            yield from new.encode(frame)
        yield from new.encode()


def _write_gif(path: Path, frames: Iterable[Frame], fps: Fraction) -> None:
    """A GIF; its times are hundredths of a second."""
    pictures: list[Image.Image] = []
    times: list[int] = []
    for frame in frames:
        picture = Image.fromarray(frame.pixels)
        pictures.append(picture.quantize(GIF_COLOURS, Image.Quantize.MEDIANCUT))
        times.append(round(frame.time * 100))
    if not pictures:
        raise OutputError("the film would have no frames")
    times.append(times[-1] + round(100 / fps))
    lasts = [max(2, after - before) * 10 for before, after in pairwise(times)]
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=lasts, loop=0, optimize=False
    )
