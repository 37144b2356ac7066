"""The picture of a song."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from puppyslug.audio.chart import HEIGHT, LEFT, RIGHT, WIDTH, draw_song
from puppyslug.audio.signals import compute_signals
from support.songs import analysed_clicks, clicks


def test_the_waveform_is_drawn_where_it_sounds():
    song = analysed_clicks(4.0, 1.0, 0.5)
    music = compute_signals(song, Fraction(100), 400)
    image = draw_song("song.wav", clicks(song.beats, 4.0), song, music)
    assert image.size == (WIDTH, HEIGHT)
    panel = np.asarray(image.convert("L"), float)[72:220, LEFT : WIDTH - RIGHT]
    dark = np.flatnonzero((panel < 140).sum(0) > 20)
    found = (dark / (WIDTH - LEFT - RIGHT) * 4).round(2)
    assert np.abs(found[:, None] - song.beats).min(1).max() < 0.05
    assert len({round(float(one)) for one in found - 0.5}) == 4


def test_a_song_without_beats_is_drawn_too():
    song = replace(analysed_clicks(0.5), beats=np.zeros(0), tempo=0.0)
    music = compute_signals(song, Fraction(100), 50)
    assert draw_song("a" * 300, np.zeros(11_025, np.float32), song, music).size == (WIDTH, HEIGHT)
