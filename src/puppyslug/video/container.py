"""Opens media files with FFmpeg (PyAV), chooses their streams and decodes packets."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av

from puppyslug.errors import VideoError
from puppyslug.files.media import media_url

VideoSource = Path | BinaryIO  # the str() of a file object must be its name, for error messages
# FFmpeg's own decoders ignore the transparency of these codecs.
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def open_container(source: VideoSource) -> Any:
    """Open a media file for reading.

    Raises:
        VideoError: it cannot be read.
    """
    try:
        return av.open(media_url(source) if isinstance(source, Path) else source)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"cannot read {source} as a video: {reason}") from error


@contextlib.contextmanager
def open_video(source: VideoSource) -> Iterator[tuple[Any, Any]]:
    """Open a video for reading; yield the file and its video stream.

    The stream is the one that FFmpeg considers the best, unless that is a still image and another
    one is not.

    Raises:
        VideoError: the file cannot be read, or has no video stream whose codec is known.
    """
    with open_container(source) as container:
        candidates = _video_streams(container, source)
        best = container.streams.best("video", None)
        chosen = best if best in candidates else candidates[0]
        if len(candidates) == 1:
            yield container, _with_threads(chosen)
            return
        index = _stream_with_frames(container, chosen, candidates).index
    if not isinstance(source, Path):
        source.seek(0)
    with open_container(source) as container:
        yield container, _with_threads(container.streams[index])


def start_time(source: Path) -> Fraction:
    """Return the time of a video's first frame in its file, in seconds.

    Raises:
        VideoError: the file cannot be read, or has no video stream.
    """
    with open_video(source) as (_, stream):
        return Fraction(stream.start_time or 0) * Fraction(stream.time_base)


def audio_stream(container: Any, video: Any) -> Any:
    """Return the best audio stream whose codec is known, or None."""
    known = [one for one in container.streams.audio if one.codec_context is not None]
    best = container.streams.best("audio", video)
    return best if best in known else next(iter(known), None)


def create_decoder(stream: Any) -> Any:
    """Return the codec context that decodes a video stream, with its transparency if it has any."""
    codec = stream.codec_context
    name = _ALPHA_DECODERS.get(codec.codec.canonical_name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return codec
    if name not in av.codecs_available:
        return codec
    decoder = av.CodecContext.create(name, "r")
    decoder.thread_type = "AUTO"
    return decoder


def decode_packets(container: Any, stream: Any, damage: list[str]) -> Iterator[Any]:
    """Decode all frames of a video stream, skipping what cannot be decoded.

    Args:
        container: the open file.
        stream: its stream.
        damage: list to which a reason is appended for every unreadable part.
    """
    decoder = create_decoder(stream)
    try:
        for packet in container.demux(stream):
            try:
                yield from decoder.decode(packet)
            except av.FFmpegError as error:
                damage.append(str(error))
    except av.FFmpegError as error:  # the container is truncated or damaged
        damage.append(str(error))


def _video_streams(container: Any, source: VideoSource) -> list[Any]:
    """Return the video streams that can be decoded, without cover pictures if there are others."""
    streams = container.streams.video
    if not streams:
        raise VideoError(f"{source} has no video stream; choose a video file")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise VideoError(
            f"{source} has a video codec that FFmpeg does not know; convert it to H.264 in MP4"
        )
    attached = av.stream.Disposition.attached_pic
    return [stream for stream in known if not stream.disposition & attached] or known


def _stream_with_frames(container: Any, preferred: Any, candidates: list[Any]) -> Any:
    """Return the preferred stream if it has several frames, otherwise the one with most."""
    counts = {stream.index: 0 for stream in candidates}
    with contextlib.suppress(av.FFmpegError):  # what can be read is counted
        for packet in container.demux(*candidates):
            if packet.size:
                counts[packet.stream.index] += 1
            if counts[preferred.index] > 1:
                return preferred
    return max(candidates, key=lambda stream: counts[stream.index])


def _with_threads(stream: Any) -> Any:
    stream.thread_type = "AUTO"
    return stream
