"""Decoding of songs."""

from fractions import Fraction

import numpy as np
import pytest

from puppyslug.audio.decoder import RATE, read_samples
from puppyslug.errors import AudioError
from support.films import encode_video, moving_scene
from support.songs import tone, write_song


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3"])
def test_a_song_is_decoded_to_one_channel_without_a_shift(tmp_path, name):
    samples = tone(440, 1.0, 44_100)
    decoded = read_samples(write_song(tmp_path / name, samples, 44_100))
    expected = tone(440, 1.0)
    assert abs(len(decoded) - RATE) < RATE * 0.06  # encoders pad the end
    middle = slice(RATE // 4, RATE // 2)
    assert np.corrcoef(decoded[middle], expected[middle])[0, 1] > 0.999
    assert np.array_equal(decoded, read_samples(tmp_path / name))


def test_the_sound_of_a_film_begins_with_its_pictures(tmp_path):
    path = encode_video(tmp_path / "a.mp4", moving_scene(10), tone=True)
    whole = read_samples(path)
    assert len(whole) == pytest.approx(0.4 * RATE, abs=0.06 * RATE)
    assert len(read_samples(path, start=Fraction(1, 5))) == len(whole) - RATE // 5
    early = read_samples(path, start=Fraction(-1, 10))
    assert len(early) == len(whole) + RATE // 10
    assert not early[: RATE // 20].any()


def test_files_without_sound_are_refused_by_name(tmp_path):
    silent = encode_video(tmp_path / "silent.mp4", moving_scene(2))
    text = tmp_path / "song.mp3"
    text.write_text("no song")
    for path in (silent, text, tmp_path / "missing.wav"):
        with pytest.raises(AudioError, match=path.name):
            read_samples(path)
