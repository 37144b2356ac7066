"""Signals of songs for the frames of films."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from puppyslug.audio.signals import Envelope, compute_signals
from puppyslug.recipe import Timeline
from puppyslug.recipe.expressions import SIGNALS
from support.songs import analysed_clicks

FPS = Fraction(20)
AT_ONCE = Envelope(0, 0)


def test_every_signal_has_a_number_from_0_to_1_for_every_frame():
    music = compute_signals(analysed_clicks(), FPS, 90)
    assert set(music.signals) == set(SIGNALS)
    for name, values in music.signals.items():
        assert len(values) == 90
        if name != "beat_number":
            assert min(values) >= 0
            assert max(values) <= 1


def test_beats_and_onsets_are_1_at_their_frames_and_decay():
    music = compute_signals(analysed_clicks(), FPS, 80)  # clicks at 0.25 s, 0.75 s, …
    for name in ("beat", "onset"):
        values = np.array(music.signals[name])
        assert np.flatnonzero(values == 1).tolist() == list(range(5, 80, 10))
        assert (np.diff(values[5:15]) < 0).all()
        assert not values[:5].any()


def test_beats_are_counted_and_bars_have_four_of_them():
    music = compute_signals(analysed_clicks(), FPS, 80)
    numbers = np.array(music.signals["beat_number"])
    assert numbers[5] == 2  # the song begins within a bar
    assert (np.diff(numbers)[4:] == ([1] + [0] * 9) * 7 + [1, 0, 0, 0, 0]).all()
    phase = np.array(music.signals["bar_phase"])
    assert phase[25] < 0.05 < phase[24]  # the third click begins a bar
    assert Timeline(80, FPS, music=music).frame_of_beat(4) == 25


def test_attack_and_release_slow_signals_down():
    song = analysed_clicks()
    fast = np.array(compute_signals(song, FPS, 80, AT_ONCE).signals["bass"])
    attack = np.array(compute_signals(song, FPS, 80, Envelope(0.1, 0)).signals["bass"])
    release = np.array(compute_signals(song, FPS, 80, Envelope(0, 0.2)).signals["bass"])
    assert fast[5] == 1
    assert fast[7] == 0
    assert attack[5] == pytest.approx(1 - np.exp(-0.05 / 0.1))
    assert release[7] == pytest.approx(np.exp(-0.1 / 0.2))


def test_no_hit_is_missed_between_frames():
    values = compute_signals(analysed_clicks(), Fraction(3), 12, AT_ONCE).signals["treble"]
    assert np.count_nonzero(np.array(values) == 1) >= 7


def test_after_the_end_and_without_beats_there_is_silence():
    song = analysed_clicks()
    music = compute_signals(song, FPS, 200, AT_ONCE)
    assert not any(music.signals["bass"][82:])
    assert max(music.signals["beat"][100:]) < 0.01
    silent = replace(song, beats=np.zeros(0), tempo=0.0)
    signals = compute_signals(silent, FPS, 10).signals
    assert not any(signals["beat"] + signals["beat_number"] + signals["bar_phase"])


def test_frames_at_any_times_hear_what_is_played_then():
    times = [Fraction(n * n, 100) for n in range(20)]  # up to 3.61 s
    music = compute_signals(analysed_clicks(), FPS, 20, AT_ONCE, times)
    beats = np.array(music.signals["beat"])
    assert beats[5] == 1  # at 0.25 s
    assert (beats[:5] == 0).all()
