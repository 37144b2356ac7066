"""Animated GIFs: transparency and the duration of the last frame, read by Pillow."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from puppyslug.video.gif import write_gif
from support.films import at_constant_rate, moving_scene


def test_transparency_is_written(tmp_path):
    alphas = []
    for number in range(4):
        alphas.append(np.zeros((48, 64), np.uint8))
        alphas[-1][:, number * 10 : number * 10 + 20] = 255
    pictures = moving_scene(4, size=(48, 64))
    frames = [
        frame._replace(alpha=alpha)
        for frame, alpha in zip(at_constant_rate(pictures), alphas, strict=True)
    ]
    assert write_gif(tmp_path / "a.gif", frames, Fraction(25))
    with Image.open(tmp_path / "a.gif") as image:
        for number in range(4):
            image.seek(number)
            shown = np.asarray(image.convert("RGBA"))
            assert np.array_equal(shown[..., 3], alphas[number])
            opaque = alphas[number] == 255
            assert np.abs(shown[opaque][:, :3].astype(float) - pictures[number][opaque]).mean() < 8


def test_the_last_frame_keeps_its_duration(tmp_path):
    frames = at_constant_rate(moving_scene(3, size=(48, 64)))
    frames[-1] = frames[-1]._replace(duration=Fraction(9, 10))
    write_gif(tmp_path / "a.gif", frames, Fraction(25))
    with Image.open(tmp_path / "a.gif") as image:
        durations = []
        for number in range(3):
            image.seek(number)
            durations.append(image.info["duration"])
    assert durations == [40, 40, 900]


@pytest.mark.parametrize("frames", [[]])
def test_without_frames_nothing_is_written(tmp_path, frames):
    assert not write_gif(tmp_path / "a.gif", frames, Fraction(25))
    assert list(tmp_path.iterdir()) == []
