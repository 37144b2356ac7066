"""Animated images that Pillow reads: times, transparency, damage."""

import numpy as np
import pytest
from PIL import Image

from puppyslug.errors import VideoError
from puppyslug.video.reader import probe_video, read_frames
from puppyslug.video.segments import analyse_video
from support.films import moving_scene

DURATIONS = [100, 200, 300, 100, 100, 900]


def save(path, alpha=None, pictures=None):
    images = []
    for picture in pictures or moving_scene(6, size=(48, 64)):
        image = Image.fromarray(picture)
        if alpha is not None:
            image.putalpha(Image.fromarray(alpha))
        images.append(image)
    options = {"save_all": True, "append_images": images[1:], "duration": DURATIONS}
    images[0].save(path, quality=95, **options)
    return path


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".png", ".gif"])
def test_frames_and_times_of_animated_images_are_read(tmp_path, suffix):
    path = save(tmp_path / f"a{suffix}")
    frames = list(read_frames(path))
    assert [float(frame.time) for frame in frames] == pytest.approx([0, 0.1, 0.3, 0.6, 0.7, 0.8])
    assert float(frames[-1].duration) == pytest.approx(0.9)
    for frame, picture in zip(frames, moving_scene(6, size=(48, 64)), strict=True):
        assert np.abs(frame.pixels.astype(float) - picture).mean() < 8
    info = probe_video(path)
    assert (info.size, info.has_audio) == ((48, 64), False)
    analysis = analyse_video(path)
    assert float(analysis.end) == pytest.approx(1.7)
    assert not analysis.transparent


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".png", ".gif"])
def test_transparency_of_animated_images_is_read(tmp_path, suffix):
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[10:30, 20:50] = 0
    path = save(tmp_path / f"a{suffix}", alpha)
    for frame in read_frames(path):
        assert np.abs(frame.alpha.astype(int) - alpha).mean() < 6
    assert analyse_video(path).transparent


def test_the_readable_frames_of_a_truncated_webp_are_read(tmp_path):
    data = save(tmp_path / "a.webp").read_bytes()
    for share in (0.3, 0.6, 0.9):
        path = tmp_path / "b.webp"
        path.write_bytes(data[: int(len(data) * share)])
        notices = []
        try:
            frames = list(read_frames(path, notices))
        except VideoError as error:
            assert "b.webp" in str(error)
        else:
            assert len(frames) == 6 or notices


def test_animated_webp_is_read_from_a_file_object(tmp_path):
    with save(tmp_path / "a.webp").open("rb") as file:
        assert len(list(read_frames(file, first=2))) == 4
