"""A song as the sound of a film, alone or mixed with the film's own sound."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from puppyslug.audio.decoder import decode_frames, open_song
from puppyslug.video.sound import (
    AAC_RATES,
    DEFAULT_RATE,
    FORMAT,
    Samples,
    Sound,
    decode_film_sound,
    encode_samples,
)
from puppyslug.video.sound_plan import plan_sound

BIT_RATE = 96_000  # bits per second, of each channel


class Soundtrack(NamedTuple):
    """A song as the sound of a film.

    Attributes:
        song: a file with sound; its first sample is heard with the first frame.
        end: length of the film in seconds, after which the song is cut.
        film: a film whose own sound is mixed in, or None.
        share: of the film's own sound in the mix, from 0 to 1.
    """

    song: Path
    end: Fraction
    film: Path | None = None
    share: float = 0.0

    @property
    def name(self) -> str:
        """Name of the song's file."""
        return self.song.name


def add_soundtrack(
    output: Any, soundtrack: Soundtrack, sound: Sound, damage: list[str], stack: ExitStack
) -> Iterator[Any]:
    """Add a song to a file as its sound.

    Args:
        output: the PyAV container that is written.
        soundtrack: the song.
        sound: how it is written.
        damage: list to which a reason is appended for every part that cannot be decoded.
        stack: closes the song.

    Returns:
        The packets of the sound track, in the order in which they are written.
    """
    container, audio = stack.enter_context(open_song(soundtrack.song))
    codec = audio.codec_context
    mono = codec.channels == 1 and soundtrack.film is None
    rate = codec.sample_rate if codec.sample_rate in AAC_RATES else DEFAULT_RATE
    if sound.encoder == "libopus":
        rate = DEFAULT_RATE
    layout = "mono" if mono else "stereo"
    stream = output.add_stream(sound.encoder, rate=rate, layout=layout)
    stream.bit_rate = BIT_RATE * (1 if mono else 2)
    samples = _resample(decode_frames(container, audio), layout, rate)
    if soundtrack.film is not None and soundtrack.share:
        plan = plan_sound(soundtrack.film)
        if plan is not None:
            own = decode_film_sound(soundtrack.film, plan, (layout, rate), damage, stack)
            samples = _mix(samples, own, soundtrack.share)
    return encode_samples(_cut(samples, round(soundtrack.end * rate)), stream)


def _resample(frames: Iterator[Any], layout: str, rate: int) -> Iterator[Samples]:
    """Convert decoded frames to samples of one layout and rate."""
    resampler = av.AudioResampler(format=FORMAT, layout=layout, rate=rate)
    for frame in frames:
        frame.pts = None
        for part in resampler.resample(frame):
            yield part.to_ndarray()
    for part in resampler.resample(None):
        yield part.to_ndarray()


def _cut(samples: Iterator[Samples], count: int) -> Iterator[Samples]:
    """Yield the first samples."""
    left = count
    for part in samples:
        if left <= 0:
            return
        yield part[:, :left]
        left -= part.shape[1]


def _mix(song: Iterator[Samples], own: Iterator[Samples], share: float) -> Iterator[Samples]:
    """Add two sounds; the one that ends first is silent from there on."""
    waiting: list[Samples] = [np.zeros((2, 0), np.float32), np.zeros((2, 0), np.float32)]
    sources, ended = [song, own], [False, False]
    while not all(ended) or any(part.shape[1] for part in waiting):
        for index, source in enumerate(sources):
            if not ended[index] and not waiting[index].shape[1]:
                part = next(source, None)
                ended[index] = part is None
                waiting[index] = waiting[index] if part is None else part
        lengths = [part.shape[1] for part in waiting]
        ready = [length for length, end in zip(lengths, ended, strict=True) if length or not end]
        if not ready:
            return
        count = min(ready)
        parts = [
            part[:, :count] if part.shape[1] else np.zeros((2, count), np.float32)
            for part in waiting
        ]
        waiting = [part[:, count:] for part in waiting]
        if count:
            yield np.clip(parts[0] * (1 - share) + parts[1] * share, -1, 1).astype(np.float32)
