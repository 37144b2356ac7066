"""A song as the sound of a film."""

from fractions import Fraction

import av
import numpy as np
import pytest

from puppyslug.audio.decoder import RATE, read_samples
from puppyslug.video.frames import TimedFrame
from puppyslug.video.soundtrack import Soundtrack
from puppyslug.video.writer import write_video
from support.films import encode_video, moving_scene
from support.songs import clicks, tone, write_song

FPS = Fraction(25)


def write(path, soundtrack, frames=25):
    pixels = np.zeros((16, 16, 3), np.uint8)
    film = (TimedFrame(number / FPS, pixels) for number in range(frames))
    write_video(path, film, fps=FPS, audio_from=soundtrack)
    return read_samples(path, start=Fraction(0))


def level(samples: np.ndarray, frequency: float) -> float:
    """Amplitude of a tone in the middle of the samples."""
    middle = samples[len(samples) // 4 : len(samples) // 4 + RATE // 4]
    wave = np.exp(-2j * np.pi * frequency * np.arange(len(middle)) / RATE)
    return float(2 * np.abs((middle * wave).mean()))


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
@pytest.mark.parametrize("song", ["song.wav", "song.mp3"])
def test_the_song_begins_with_the_first_frame_and_ends_with_the_last(tmp_path, name, song):
    times = np.array([0.2, 0.45, 0.8, 1.4])
    path = write_song(tmp_path / song, clicks(times, 2.0, 44_100), 44_100)
    heard = write(tmp_path / name, Soundtrack(path, Fraction(1)))
    expected = clicks(times, 2.0)[:RATE]
    assert len(heard) == pytest.approx(RATE, abs=RATE * 0.06)
    shifts = np.correlate(heard[: RATE - 2000], expected[2000 : RATE - 4000])
    assert abs(int(shifts.argmax()) - 2000) < RATE / 25 / 10  # a tenth of a frame


def test_a_song_is_mixed_with_the_films_own_sound_by_its_share(tmp_path):
    song = write_song(tmp_path / "song.wav", tone(1000, 1.0))
    film = encode_video(tmp_path / "in.mp4", moving_scene(25), tone=True)
    own = 0.06 * 44_100 / (2 * np.pi)  # Hz, of the film's tone
    alone = level(read_samples(film), own)
    for share in (0.0, 0.25, 1.0):
        sound = Soundtrack(song, Fraction(1), film, share)
        heard = write(tmp_path / "out.mp4", sound)
        assert level(heard, 1000) == pytest.approx(0.5 * (1 - share), abs=0.03)
        assert level(heard, own) == pytest.approx(alone * share, abs=0.03)


def test_a_song_that_is_shorter_than_the_film_ends_early(tmp_path):
    song = write_song(tmp_path / "song.wav", tone(1000, 0.4))
    film = encode_video(tmp_path / "in.mp4", moving_scene(25), tone=True)
    heard = write(tmp_path / "a.mp4", Soundtrack(song, Fraction(1)))
    assert len(heard) == pytest.approx(0.4 * RATE, abs=0.06 * RATE)
    mixed = write(tmp_path / "b.mp4", Soundtrack(song, Fraction(1), film, 0.5))
    assert len(mixed) == pytest.approx(RATE, abs=0.06 * RATE)
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.streams.video[0].frames == 25
