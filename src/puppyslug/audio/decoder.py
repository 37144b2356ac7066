"""Decodes the sound of a file to one channel, for analysis."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from puppyslug.errors import AudioError
from puppyslug.files.media import media_url

Samples = NDArray[np.float32]
RATE = 22_050  # samples per second
MAX_SECONDS = 7200  # of a song


@contextmanager
def open_song(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a file with sound; yield the file and its sound track.

    Raises:
        AudioError: it cannot be read, or has no sound that FFmpeg can decode.
    """
    try:
        container: Any = av.open(media_url(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"cannot read the sound of {path}: {reason}") from error
    with container:
        known = [one for one in container.streams.audio if one.codec_context is not None]
        if not known:
            raise AudioError(f"{path} has no sound that can be decoded; choose a song, or a film")
        best = container.streams.best("audio")
        yield container, best if best in known else known[0]


def decode_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Decode a sound track, skipping what cannot be decoded."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                continue
    except av.FFmpegError:  # the file is truncated or damaged: what was read counts
        return


def read_samples(path: Path, *, start: Fraction | None = None) -> Samples:
    """Decode the sound of a file to one channel.

    Args:
        path: any file with sound.
        start: time in the file at which the samples begin, in seconds, such as that of a film's
            first frame; None for the first sample.

    Returns:
        The samples, ``RATE`` per second, in [-1, 1].

    Raises:
        AudioError: the file cannot be read, has no sound, or is longer than ``MAX_SECONDS``.
    """
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
    parts: list[Samples] = []
    count = 0
    first: Fraction | None = None
    with open_song(path) as (container, stream):
        for frame in decode_frames(container, stream):
            if first is None:
                first = frame.pts * Fraction(frame.time_base) if frame.pts else Fraction(0)
            frame.pts = None
            for part in resampler.resample(frame):
                parts.append(part.to_ndarray()[0])
                count += len(parts[-1])
            if count > MAX_SECONDS * RATE:
                raise AudioError(f"{path} is longer than {MAX_SECONDS // 3600} hours; cut it first")
    if first is None:
        raise AudioError(f"no part of the sound of {path} can be decoded")
    parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    samples = np.concatenate(parts).astype(np.float32)
    if start is None:
        return samples
    delay = round((first - start) * RATE)
    return np.pad(samples, (delay, 0)) if delay > 0 else samples[-delay:]
