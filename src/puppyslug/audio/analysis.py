"""Analysis of a song: loudness, frequency bands, onsets, beats and tempo (librosa).

B. McFee et al.: librosa: Audio and Music Signal Analysis in Python, 2015. Beats are tracked by
dynamic programming: D. Ellis, Beat Tracking by Dynamic Programming, 2007.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppyslug.audio.decoder import RATE, Samples
from puppyslug.errors import AudioError

HOP = 256  # samples from one measurement to the next
WINDOW = 2048  # samples of a spectrum
BANDS: Mapping[str, tuple[float, float]] = {  # Hz
    "bass": (20, 250),
    "mid": (250, 4000),
    "treble": (4000, RATE / 2),
}
BEATS_PER_BAR = 4
MIN_BEATS = 4  # fewer are no rhythm
MIN_ONSET = 0.3  # dB by which all frequencies rise on average
MIN_ACCENT = 1.4  # of beats, relative to the mean of the whole song; about 1 in noise
STRONG_ONSET = 90  # percentile of onsets that counts as 1
SILENCE = 1e-4  # amplitude
_BLOCK = 4096  # spectra at a time

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SongAnalysis:
    """What is heard in a song, when.

    Attributes:
        seconds: length.
        levels: amplitude (RMS) of the song (``loudness``) and of each of ``BANDS``, measured every
            ``HOP`` samples.
        onsets: times at which sounds begin, in seconds.
        onset_strengths: of each onset, in [0, 1]; the strongest tenth has 1.
        beats: times of the beats, in seconds; empty if there is no rhythm.
        tempo: beats per minute; 0 without beats.
        first_beat: number of the first beat in its bar, from 0.
    """

    seconds: float
    levels: Mapping[str, Values]
    onsets: Values
    onset_strengths: Values
    beats: Values
    tempo: float
    first_beat: int = 0


def analyse_song(samples: Samples) -> SongAnalysis:
    """Analyse a song. The same samples give the same result.

    Args:
        samples: one channel, ``RATE`` per second.

    Raises:
        AudioError: librosa is not installed.
    """
    librosa = _import_librosa()
    levels, mel = measure_levels(samples, librosa.filters.mel(sr=RATE, n_fft=WINDOW))
    seconds = len(samples) / RATE
    none: Values = np.zeros(0, np.float64)
    if levels["loudness"].max() < SILENCE:
        return SongAnalysis(seconds, levels, none, none, none, 0.0)
    strength = librosa.onset.onset_strength(
        S=librosa.power_to_db(mel), sr=RATE, hop_length=HOP, n_fft=WINDOW
    )
    found = librosa.onset.onset_detect(onset_envelope=strength, sr=RATE, hop_length=HOP)
    onsets = np.array([one for one in found if strength[one] >= MIN_ONSET], np.int64)
    strengths = none
    if len(onsets):
        reference = float(np.percentile(strength[onsets], STRONG_ONSET))
        strengths = np.minimum(strength[onsets] / reference, 1).astype(np.float64)
    song = SongAnalysis(seconds, levels, _seconds(onsets), strengths, none, 0.0)
    _, beats = librosa.beat.beat_track(onset_envelope=strength, sr=RATE, hop_length=HOP, trim=False)
    if not _is_rhythm(beats, strength):
        return song
    times = _seconds(beats)
    interval = float(np.polyfit(np.arange(len(times)), times, 1)[0])
    first = _find_bar(beats, strength, levels["bass"])
    return replace(song, beats=times, tempo=60 / interval, first_beat=first)


def _seconds(places: NDArray[np.int64]) -> Values:
    """Convert numbers of measurements to times."""
    return np.asarray(places * (HOP / RATE), np.float64)


def _is_rhythm(beats: NDArray[np.int64], strength: Values) -> bool:
    """Return whether the tracked beats stand out from the song."""
    if len(beats) < MIN_BEATS:
        return False
    accent = float(strength[beats].mean())
    return accent >= MIN_ONSET and accent >= MIN_ACCENT * float(strength.mean())


def _import_librosa() -> Any:
    try:
        import librosa
    except ImportError as error:
        raise AudioError(
            "music needs librosa, which is not installed; pip install 'puppyslug[music]'"
        ) from error
    return librosa


def measure_levels(samples: Samples, filters: NDArray[Any]) -> tuple[dict[str, Values], Any]:
    """Measure the amplitude of the bands, and the power of mel bands, every ``HOP`` samples.

    Args:
        samples: the song.
        filters: mel bands × frequencies.

    Returns:
        The levels, and mel bands × measurements.
    """
    padded = np.pad(samples, WINDOW // 2)
    count = 1 + len(samples) // HOP
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)
    ranges = {"loudness": (0.0, RATE), **BANDS}
    scale = 2 / (WINDOW * float((window**2).sum()))  # Parseval: to mean squares of samples
    levels: dict[str, list[Values]] = {name: [] for name in ranges}
    mel = []
    for first in range(0, count, _BLOCK):
        places = np.arange(first, min(first + _BLOCK, count))[:, None] * HOP + np.arange(WINDOW)
        power = np.abs(np.fft.rfft(padded[places] * window, axis=1)) ** 2
        mel.append(filters @ power.T.astype(np.float32))
        for name, (low, high) in ranges.items():
            within = (frequencies >= low) & (frequencies < high)
            levels[name].append(np.sqrt(power[:, within].sum(1, dtype=np.float64) * scale))
    joined = {name: np.concatenate(parts) for name, parts in levels.items()}
    return joined, np.concatenate(mel, axis=1)


def _find_bar(beats: NDArray[np.int64], strength: Values, bass: Values) -> int:
    """Return the number of the first beat in its bar: bars begin where beats are strongest."""
    accents = strength[beats] / strength.max() + bass[beats] / max(float(bass.max()), 1e-9)
    means = [float(accents[start::BEATS_PER_BAR].mean()) for start in range(BEATS_PER_BAR)]
    return -int(np.argmax(means)) % BEATS_PER_BAR
