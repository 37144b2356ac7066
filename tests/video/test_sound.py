"""Sound tracks: copied or encoded again, joined, damaged, of every rate and layout."""

from fractions import Fraction

import av
import numpy as np
import pytest

from puppyslug.video.writer import write_video
from support.films import at_constant_rate, damage_sound, encode_video, moving_scene, write_tone

FPS = Fraction(25)
RATE = 48_000


def read_sound(path):
    """Return codec and samples of a sound track, mixed to one channel at 48 kHz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(stream)
            for part in resampler.resample(frame)
        ]
        return stream.codec_context.codec.canonical_name, np.concatenate(parts)


def pitch(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return spectrum.argmax() * RATE / len(samples)


def rewrite(source, target, frames=25):
    notices = []
    pictures = at_constant_rate(moving_scene(frames, size=(32, 48)))
    write_video(target, pictures, fps=FPS, audio_from=source, notices=notices)
    return (*read_sound(target), notices)


@pytest.mark.parametrize(
    ("source", "codec", "expected"),
    [
        ("a.mkv", "libmp3lame", "mp3"),
        ("a.ts", "aac", "aac"),
        ("a.mkv", "ac3", "ac3"),
        ("a.mkv", "flac", "flac"),
        ("a.mov", "pcm_s16le", "aac"),
        ("a.mpg", "mp2", "aac"),
        ("a.avi", "adpcm_ima_wav", "aac"),
    ],
)
def test_sound_is_kept_where_mp4_takes_its_codec(tmp_path, source, codec, expected):
    name, samples, notices = rewrite(write_tone(tmp_path / source, codec), tmp_path / "out.mp4")
    assert (name, notices) == (expected, [])
    assert len(samples) / RATE == pytest.approx(1, abs=0.08)
    assert pitch(samples) == pytest.approx(440, abs=3)


@pytest.mark.parametrize(("rate", "layout"), [(11_025, "mono"), (48_000, "5.1"), (96_000, "mono")])
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_every_rate_and_layout_is_encoded_again(tmp_path, rate, layout, suffix):
    source = write_tone(tmp_path / "a.mkv", "pcm_s16le", rate, layout)
    _, samples, notices = rewrite(source, tmp_path / f"out{suffix}")
    assert notices == []
    assert len(samples) / RATE == pytest.approx(1, abs=0.13)
    assert pitch(samples) == pytest.approx(440, abs=3)


def test_mp3_that_mp4_does_not_take_is_encoded_again(tmp_path):
    source = write_tone(tmp_path / "a.mkv", "libmp3lame", 8000, "mono")
    name, samples, notices = rewrite(source, tmp_path / "out.mp4")
    assert (name, notices) == ("aac", [])
    assert pitch(samples) == pytest.approx(440, abs=3)


@pytest.mark.parametrize(("suffix", "codec"), [(".ts", "aac"), (".mpg", "mp2")])
@pytest.mark.parametrize("target", [".mp4", ".webm"])
def test_joined_sound_goes_on_with_its_pictures(tmp_path, suffix, codec, target):
    parts = [
        write_tone(tmp_path / f"{number}{suffix}", codec, frequency=frequency).read_bytes()
        for number, frequency in enumerate((440.0, 880.0))
    ]
    joined = tmp_path / f"joined{suffix}"
    joined.write_bytes(b"".join(parts))
    _, samples, notices = rewrite(joined, tmp_path / f"out{target}", frames=50)
    assert notices == []
    assert len(samples) / RATE == pytest.approx(2, abs=0.1)
    assert pitch(samples[: round(0.9 * RATE)]) == pytest.approx(440, abs=5)
    assert pitch(samples[round(1.1 * RATE) : 2 * RATE]) == pytest.approx(880, abs=5)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_damaged_sound_is_left_out_where_it_cannot_be_decoded(tmp_path, suffix):
    intact = encode_video(tmp_path / "in.mp4", moving_scene(25, size=(32, 48)), tone=True)
    damaged = damage_sound(intact, every=3)
    _, samples, (notice,) = rewrite(damaged, tmp_path / f"out{suffix}")
    assert "unreadable part" in notice and "sound" in notice
    assert len(samples) / RATE == pytest.approx(1, abs=0.15)


def test_sound_of_an_unknown_codec_is_left_out(tmp_path):
    source = write_tone(tmp_path / "in.mov", "pcm_s16le")
    source.write_bytes(source.read_bytes().replace(b"sowt", b"zzzz"))
    notices = []
    path = tmp_path / "out.mp4"
    write_video(
        path, at_constant_rate(moving_scene(5)), fps=FPS, audio_from=source, notices=notices
    )
    assert notices == ["the sound of in.mov is left out: its codec is unknown"]
    with av.open(str(path)) as container:
        assert not container.streams.audio
