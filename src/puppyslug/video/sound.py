"""The sound track of a film: copied or encoded again, without what cannot be decoded."""

import io
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from puppyslug.video.container import audio_stream, open_video
from puppyslug.video.sound_plan import MIN_RESTART, SoundPlan

MAX_DRIFT = Fraction(1, 20)  # seconds between timestamps and decoded samples that are ignored
MAX_SILENCE = 600  # seconds; a longer gap is a damaged timestamp, whose sound is left out
MAX_GAP_AFTER_END = 1  # seconds; sound that begins later after the last frame is left out
SILENCE_BLOCK = 48_000  # samples
FORMAT = "fltp"
AAC_RATES = frozenset(
    (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
)
DEFAULT_RATE = 48_000  # samples per second; the only one that Opus has

Samples = NDArray[Any]  # channels×samples, float32


class Sound(NamedTuple):
    """How a sound track is written.

    Attributes:
        encoder: FFmpeg's name of the encoder, for sound that has to be encoded again.
        copied: FFmpeg's names of the codecs that are copied.
        container: FFmpeg's name of the container format.
    """

    encoder: str
    copied: frozenset[str]
    container: str


def add_sound(
    output: Any, source: Path, plan: SoundPlan, sound: Sound, damage: list[str], stack: ExitStack
) -> Iterator[Any]:
    """Add a sound track to a file.

    Args:
        output: the PyAV container that is written.
        source: the film whose sound is used.
        plan: when it is heard.
        sound: how it is written.
        damage: list to which a reason is appended for every part that cannot be decoded.
        stack: closes the source.

    Returns:
        The packets of the sound track, in the order in which they are written.
    """
    container, video = stack.enter_context(open_video(source))
    audio = audio_stream(container, video)
    codec = audio.codec_context
    packets = _timed_packets(container, audio, plan)
    if codec.codec.canonical_name in sound.copied and _can_be_copied(source, sound.container):
        return _copy(packets, output.add_stream_from_template(audio), damage)
    rate = codec.sample_rate if codec.sample_rate in AAC_RATES else DEFAULT_RATE
    if sound.encoder == "libopus":
        rate = DEFAULT_RATE
    layout = "mono" if codec.channels == 1 else "stereo"
    samples = _continuous_samples(packets, layout, rate, damage)
    return encode_samples(samples, output.add_stream(sound.encoder, rate=rate, layout=layout))


def decode_film_sound(
    source: Path, plan: SoundPlan, form: tuple[str, int], damage: list[str], stack: ExitStack
) -> Iterator[Samples]:
    """Decode the sound of a film, from its first frame on.

    Args:
        source: the film.
        plan: when its sound is heard.
        form: layout and rate of the samples.
        damage: list to which a reason is appended for every part that cannot be decoded.
        stack: closes the source.
    """
    container, video = stack.enter_context(open_video(source))
    audio = audio_stream(container, video)
    return _continuous_samples(_timed_packets(container, audio, plan), *form, damage)


def _can_be_copied(source: Path, container_format: str) -> bool:
    """Copy a packet of a sound track to a file in memory: MP4, for one, takes not every MP3."""
    with open_video(source) as (container, video):
        audio = audio_stream(container, video)
        try:
            with av.open(io.BytesIO(), "w", format=container_format) as trial:
                stream = trial.add_stream_from_template(audio)
                for packet in container.demux(audio):
                    if packet.size and packet.dts is not None:
                        packet.stream = stream
                        trial.mux(packet)
                        return True
        except (av.FFmpegError, ValueError):
            return False
    return False


def _timed_packets(
    container: Any, audio: Any, plan: SoundPlan
) -> Iterator[tuple[Any, Fraction | None]]:
    """Demux a sound track; yield packets, and by how many seconds each is shifted.

    The shift is None for packets without a time, which follow the one before them.
    """
    number = 0
    latest: Fraction | None = None
    end = Fraction(0)  # of the last packet, after the shift
    shift = plan.parts[0].shift or Fraction(0)
    with suppress(av.FFmpegError):  # the file is truncated or damaged
        for packet in container.demux(audio):
            moment = packet.dts if packet.dts is not None else packet.pts
            if moment is None:
                yield packet, None
                continue
            time = moment * Fraction(packet.time_base)
            if latest is not None and time < latest - MIN_RESTART:
                number = min(number + 1, len(plan.parts) - 1)
                planned = plan.parts[number].shift
                shift = end - time if planned is None or number == 0 else planned
                latest = time
            latest = time if latest is None else max(latest, time)
            start, next_part = time + shift, plan.parts[number].end
            if next_part is not None and start >= next_part:
                continue
            if start > max(plan.end, end) + MAX_GAP_AFTER_END:
                continue
            end = max(end, start + (packet.duration or 0) * Fraction(packet.time_base))
            yield packet, shift


def _copy(
    packets: Iterator[tuple[Any, Fraction | None]], stream: Any, damage: list[str]
) -> Iterator[Any]:
    """Copy the packets that can be decoded."""
    latest: Fraction | None = None
    for packet, shift in packets:
        if shift is None or not packet.size:
            continue
        try:
            packet.decode()
        except av.FFmpegError as error:
            damage.append(str(error))
            continue
        ticks = round(shift / packet.time_base)
        moment = packet.dts if packet.dts is not None else packet.pts
        packet.dts = moment + ticks
        packet.pts = packet.dts if packet.pts is None else packet.pts + ticks
        time = packet.dts * Fraction(packet.time_base)
        if latest is None or time > latest:
            latest = time
            packet.stream = stream
            yield packet


def encode_samples(parts: Iterator[Samples], stream: Any) -> Iterator[Any]:
    """Encode consecutive samples, channels×samples; yield packets."""
    layout = stream.codec_context.layout.name
    rate = stream.codec_context.sample_rate
    position = 0
    for samples in parts:
        for start in range(0, samples.shape[1], SILENCE_BLOCK):
            block = np.ascontiguousarray(samples[:, start : start + SILENCE_BLOCK])
            frame = av.AudioFrame.from_ndarray(block, FORMAT, layout)
            frame.rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
            position += block.shape[1]
            yield from stream.encode(frame)
    yield from stream.encode()


def _continuous_samples(
    packets: Iterator[tuple[Any, Fraction | None]], layout: str, rate: int, damage: list[str]
) -> Iterator[Samples]:
    """Decode packets to samples without gaps or overlaps, from the film's first frame on."""
    position = Fraction(0)  # where the next decoded sample belongs
    surplus = 0  # samples to drop, because they were heard already or precede the film
    resampler, signature = None, None
    for frame, time in _decoded_frames(packets, damage):
        offset = Fraction(0) if time is None else time * rate - position
        if offset > MAX_SILENCE * rate:
            damage.append("implausible timestamp")
            continue
        current = (frame.format.name, frame.layout.name, frame.sample_rate)
        if abs(offset) > MAX_DRIFT * rate or current != signature:
            if resampler is not None:
                for rest in resampler.resample(None):
                    samples, surplus = _drop(rest.to_ndarray(), surplus)
                    yield samples
            resampler = av.AudioResampler(format=FORMAT, layout=layout, rate=rate)
            signature = current
            if offset > MAX_DRIFT * rate:
                position += round(offset)
                for silence in _silence(resampler.layout.nb_channels, round(offset)):
                    samples, surplus = _drop(silence, surplus)
                    yield samples
            elif offset < -MAX_DRIFT * rate:
                position += round(offset)
                surplus -= round(offset)
        assert resampler is not None
        frame.pts = None
        position += Fraction(frame.samples * rate, frame.sample_rate)
        for part in resampler.resample(frame):
            samples, surplus = _drop(part.to_ndarray(), surplus)
            yield samples
    if resampler is not None:
        for rest in resampler.resample(None):
            yield _drop(rest.to_ndarray(), surplus)[0]


def _decoded_frames(
    packets: Iterator[tuple[Any, Fraction | None]], damage: list[str]
) -> Iterator[tuple[Any, Fraction | None]]:
    """Decode packets; yield frames and their times, which are None if unknown."""
    for packet, shift in packets:
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            damage.append(str(error))
            continue
        for frame in frames:
            known = shift is not None and frame.pts is not None
            yield frame, frame.pts * Fraction(frame.time_base) + shift if known else None


def _drop(samples: Samples, surplus: int) -> tuple[Samples, int]:
    """Drop samples at the beginning; return the others, and how many are still to be dropped."""
    dropped = min(surplus, samples.shape[1])
    return samples[:, dropped:], surplus - dropped


def _silence(channels: int, count: int) -> Iterator[Samples]:
    for start in range(0, count, SILENCE_BLOCK):
        yield np.zeros((channels, min(SILENCE_BLOCK, count - start)), np.float32)
