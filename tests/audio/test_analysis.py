"""Analysis of songs: bands, onsets, tempo and beats."""

import sys

import numpy as np
import pytest

from puppyslug.audio.analysis import BANDS, WINDOW, SongAnalysis, analyse_song, measure_levels
from puppyslug.errors import AudioError
from support.songs import clicks, tone

FILTERS = np.ones((1, WINDOW // 2 + 1), np.float32)


@pytest.mark.parametrize(("frequency", "band"), [(60, "bass"), (1000, "mid"), (8000, "treble")])
def test_bands_are_separated_by_more_than_20_db(frequency, band):
    levels, _ = measure_levels(tone(frequency, 1.0), FILTERS)
    inside = levels[band][20:-20]
    assert inside == pytest.approx(0.5 / np.sqrt(2), rel=0.01)  # RMS of a sine
    assert levels["loudness"][20:-20] == pytest.approx(inside, rel=0.01)
    for other in BANDS.keys() - {band}:
        assert 20 * np.log10(inside.min() / levels[other][20:-20].max()) > 20


def test_blocks_do_not_change_levels(monkeypatch):
    samples = clicks(np.arange(0.1, 2, 0.3), 2.0)
    whole, mel = measure_levels(samples, FILTERS)
    monkeypatch.setattr("puppyslug.audio.analysis._BLOCK", 7)
    parts, mel_parts = measure_levels(samples, FILTERS)
    for name, values in whole.items():
        assert values == pytest.approx(parts[name])
    assert mel == pytest.approx(mel_parts, rel=1e-4)


def test_without_librosa_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(AudioError, match=r"librosa.*pip install 'puppyslug\[music\]'"):
        analyse_song(tone(440, 0.5))


@pytest.fixture(scope="module")
def click_track() -> tuple[np.ndarray, SongAnalysis]:
    times = np.arange(0.25, 19.9, 0.5)  # 120 beats per minute
    return times, analyse_song(clicks(times, 20.0))


@pytest.mark.slow  # librosa takes seconds to import
def test_the_tempo_of_a_click_track_is_found_within_one_percent(click_track):
    times, song = click_track
    assert song.seconds == 20
    assert song.tempo == pytest.approx(120, rel=0.01)
    distances = np.abs(times[:, None] - song.beats).min(1)
    assert (distances < 0.025).mean() >= 0.95


@pytest.mark.slow
def test_nearly_all_clicks_are_onsets_within_25_ms(click_track):
    times, song = click_track
    distances = np.abs(times[:, None] - song.onsets).min(1)
    assert (distances < 0.025).mean() >= 0.98
    assert len(song.onsets) <= len(times) + 1
    assert song.onset_strengths.max() == 1


@pytest.mark.slow
def test_bars_begin_where_beats_are_strongest():
    times = np.arange(0.25, 19.9, 0.5)
    loud = clicks(times, 20.0) * 0.3 + clicks(times[3::4], 20.0)
    assert analyse_song(loud).first_beat == 1  # the fourth click is the first of a bar


@pytest.mark.slow
def test_silence_and_noise_have_no_beat():
    noise = np.random.default_rng(0).normal(size=22_050 * 5).astype(np.float32) * 0.1
    for samples in (np.zeros(22_050, np.float32), tone(60, 5.0), noise, tone(60, 0.01)):
        song = analyse_song(samples)
        assert (song.tempo, len(song.beats)) == (0, 0)


@pytest.mark.slow
def test_the_same_samples_give_the_same_analysis(click_track):
    times, song = click_track
    again = analyse_song(clicks(times, 20.0))
    assert np.array_equal(song.beats, again.beats)
    assert np.array_equal(song.onset_strengths, again.onset_strengths)
