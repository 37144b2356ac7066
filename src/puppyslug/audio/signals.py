"""Signals of a song for each frame of a film, in [0, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from puppyslug.audio.analysis import BANDS, BEATS_PER_BAR, HOP, SongAnalysis, Values
from puppyslug.audio.decoder import RATE
from puppyslug.recipe import Music
from puppyslug.recipe.defaults import MUSIC_ATTACK, MUSIC_RELEASE
from puppyslug.recipe.timeline import beat_positions

LOUD = 95  # percentile of a level that is 1
MIN_LEVEL = 10 ** (-40 / 20)  # of the loudest band, that a band needs to be 1
ONSET_DECAY = 0.15  # seconds in which an onset falls to 1/e
BEAT_DECAY = 0.15  # seconds, likewise


@dataclass(frozen=True)
class Envelope:
    """How quickly signals follow the song.

    Attributes:
        attack: seconds in which loudness and bands rise by all but 1/e; 0 for at once.
        release: seconds in which they fall to 1/e.
    """

    attack: float = MUSIC_ATTACK
    release: float = MUSIC_RELEASE


def compute_signals(
    song: SongAnalysis,
    fps: Fraction,
    frames: int,
    envelope: Envelope | None = None,
    times: Sequence[Fraction] | None = None,
) -> Music:
    """Compute the signals of a song for each frame.

    Args:
        song: the analysis.
        fps: frames per second.
        frames: number of frames; after the end of the song, there is silence.
        envelope: how quickly signals follow the song.
        times: time of each frame in seconds; None for a constant frame rate.

    Returns:
        ``loudness`` and the bands, relative to their 95th percentile; ``onset`` and ``beat``, which
        are 1 at the strongest onset and at every beat and decay after it; ``beat_number``, and
        ``bar_phase``, the position in a bar of four beats.
    """
    envelope = envelope or Envelope()
    seconds = (
        np.arange(frames) / float(fps) if times is None else np.array([float(t) for t in times])
    )
    loudest = max(float(np.percentile(song.levels[name], LOUD)) for name in BANDS)
    signals = {}
    for name, level in song.levels.items():
        reference = max(float(np.percentile(level, LOUD)), loudest * MIN_LEVEL, 1e-9)
        at_frames = _at_frames(np.minimum(level / reference, 1), seconds)
        signals[name] = _follow(at_frames, float(fps), envelope)
    signals["onset"] = _decaying(song.onsets, song.onset_strengths, seconds, ONSET_DECAY)
    signals["beat"] = _decaying(song.beats, np.ones(len(song.beats)), seconds, BEAT_DECAY)
    position = _beat_positions(song, seconds)
    signals["beat_number"] = np.maximum(np.floor(position), 0)
    signals["bar_phase"] = position / BEATS_PER_BAR % 1
    return Music(
        {name: tuple(values.tolist()) for name, values in signals.items()},
        tuple(song.beats.tolist()),
        song.tempo,
        song.first_beat,
    )


def _at_frames(level: Values, seconds: Values) -> Values:
    """Return the greatest level from each frame up to the next one, so that no hit is missed."""
    measured = np.arange(len(level)) * (HOP / RATE)
    interval = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 0.0
    first = np.searchsorted(measured, seconds - interval / 2)
    last = np.searchsorted(measured, seconds + interval / 2)
    sampled = np.interp(seconds, measured, level, right=0.0)
    for index, (start, stop) in enumerate(zip(first, last, strict=True)):
        if stop > start:
            sampled[index] = level[start:stop].max()
    return np.asarray(sampled, np.float64)


def _follow(values: Values, fps: float, envelope: Envelope) -> Values:
    """Smooth a signal: it rises by the attack and falls by the release."""
    rise, fall = (
        1 - np.exp(-1 / (fps * time)) if time else 1.0
        for time in (envelope.attack, envelope.release)
    )
    result = np.empty_like(values)
    level = float(values[0]) if len(values) else 0.0
    for index, value in enumerate(values):
        level += (value - level) * (rise if value > level else fall)
        result[index] = level
    return result


def _decaying(events: Values, strengths: Values, seconds: Values, decay: float) -> Values:
    """Return the strength of events at their frames, which decays after them."""
    result = np.zeros(len(seconds))
    for time, strength in zip(events, strengths, strict=True):
        first = int(np.abs(seconds - time).argmin()) if len(seconds) else 0
        if first == len(seconds) - 1 and time > seconds[-1] + decay:
            break  # after the last frame
        stop = int(np.searchsorted(seconds, seconds[first] + 10 * decay)) + 1
        after = strength * np.exp(-(seconds[first:stop] - seconds[first]) / decay)
        result[first:stop] = np.maximum(result[first:stop], after)
    return result


def _beat_positions(song: SongAnalysis, seconds: Values) -> Values:
    """Return the number of beats up to each frame; 0 throughout if there are none.

    Frames are at a beat if they are the nearest to it.
    """
    if not song.tempo:
        return np.zeros(len(seconds))
    half = float(np.median(np.diff(seconds))) / 2 if len(seconds) > 1 else 0.0
    position = beat_positions(seconds + half, song.beats.tolist(), song.tempo)
    return np.asarray(position + song.first_beat)
