"""Songs for tests: click tracks and tones, and what is known about them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from puppyslug.audio.analysis import HOP, SongAnalysis
from puppyslug.audio.decoder import RATE


def tone(frequency: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """A sine of amplitude 0.5, float32."""
    times = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def clicks(times: np.ndarray, seconds: float, rate: int = RATE) -> np.ndarray:
    """Short bursts of 1 kHz at given times, float32."""
    samples = np.zeros(round(seconds * rate), np.float32)
    length = rate // 50
    burst = tone(1000, 0.02, rate)[:length] * np.exp(-np.arange(length) * 200 / rate)
    for time in times:
        start = round(time * rate)
        part = samples[start : start + length]
        part += burst[: len(part)].astype(np.float32)
    return samples


def write_song(path: Path, samples: np.ndarray, rate: int = RATE, codec: str = "") -> Path:
    """Write one channel of samples to a file."""
    codec = codec or {".wav": "pcm_f32le", ".mp3": "libmp3lame", ".flac": "flac"}[path.suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.format, "mono", rate)
        for start in range(0, len(samples), 1000):
            block = np.ascontiguousarray(samples[None, start : start + 1000], np.float32)
            frame = av.AudioFrame.from_ndarray(block, "fltp", "mono")
            frame.rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            for part in resampler.resample(frame):
                container.mux(stream.encode(part))
        container.mux(stream.encode())
    return path


def analysed_clicks(
    seconds: float = 4.0, interval: float = 0.5, start: float = 0.25
) -> SongAnalysis:
    """What the analysis of a click track should find, without computing it."""
    beats = np.arange(start, seconds, interval)
    level = np.zeros(1 + round(seconds * RATE) // HOP)
    level[(beats * RATE / HOP).astype(int)] = 0.3
    levels = dict.fromkeys(("loudness", "bass", "mid", "treble"), level)
    return SongAnalysis(seconds, levels, beats, np.ones(len(beats)), beats, 60 / interval, 2)
