"""From rendered frames to a film: parts, segments, the encoded file, checks before the start."""

from fractions import Fraction

import av
import numpy as np
import pytest

from puppyslug.errors import OutputError
from puppyslug.video import writer
from puppyslug.video.assembly import (
    FilmLayout,
    assemble_frames,
    check_disk_space,
    check_encoding,
    check_video_path,
    encode_film,
    render_parts,
    save_frames,
    segment_name,
)
from puppyslug.video.checkpoint import FrameCheckpoint
from puppyslug.video.frames import RenderedFrame
from puppyslug.video.reader import read_frames
from puppyslug.video.segments import Segment
from puppyslug.video.zoom import zoom_frames
from support.films import decode_with_opencv, encode_video, moving_scene
from support.toy_dreams import prepare_toy


def test_an_interrupted_run_resumes_with_the_same_frames(tmp_path, toy, picture):
    prepared = prepare_toy(toy, picture, zoom=1.1)
    expected = [frame.pixels for frame in zoom_frames(prepared, 5)]
    parts = [("", lambda state: zoom_frames(prepared, 5, state=state))]
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})

    def interrupt(_):
        if checkpoint.frame_count() == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_frames(checkpoint, render_parts(checkpoint, parts), interrupt)
    assert checkpoint.frame_count() == 2
    save_frames(checkpoint, render_parts(checkpoint, parts))
    for loaded, pixels in zip(checkpoint.load_frames(5), expected, strict=True):
        assert np.array_equal(loaded, pixels)


def test_frames_of_several_parts_may_be_interleaved(tmp_path):
    frames = [RenderedFrame(pixels, {}) for pixels in moving_scene(3, size=(48, 64))]
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    checkpoint.save(0, frames[2], "b-")
    stored = []
    interleaved = [("b-", frames[1]), ("a-", frames[0]), ("b-", frames[0]), ("a-", frames[1])]
    save_frames(checkpoint, interleaved, stored.append)
    assert [checkpoint.frame_count(part) for part in ("a-", "b-", "c-")] == [2, 3, 0]
    for part, numbers in {"a-": [0, 1], "b-": [2, 1, 0]}.items():
        loaded = checkpoint.load_frames(len(numbers), part)
        for pixels, number in zip(loaded, numbers, strict=True):
            assert np.array_equal(pixels, frames[number].pixels)
    assert len(stored) == 4


def test_overlapping_segments_cross_fade(tmp_path):
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    segments = (Segment(0, 8), Segment(4, 10, 4), Segment(10, 12))
    for index, (segment, value) in enumerate(zip(segments, (0, 100, 200), strict=True)):
        for number in range(segment.last - segment.first):
            pixels = np.full((4, 6, 3), value, np.uint8)
            checkpoint.save(number, RenderedFrame(pixels, {}), segment_name(index))
    values = [int(pixels[0, 0, 0]) for pixels in assemble_frames(checkpoint, segments)]
    assert values == [0, 0, 0, 0, 20, 40, 60, 80, 100, 100, 200, 200]


def encode(path, checkpoint, count):
    encode_film(
        path, checkpoint, checkpoint.load_frames(count), comment="", fps=Fraction(25), quality=80
    )


def test_the_checkpoint_is_deleted_once_the_film_is_encoded(tmp_path):
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    for number, pixels in enumerate(moving_scene(3)):
        checkpoint.save(number, RenderedFrame(pixels, {}))
    with pytest.raises(OutputError):
        encode(tmp_path / "no" / "f.mp4", checkpoint, 3)
    assert checkpoint.frame_count() == 3
    encode(tmp_path / "f.mp4", checkpoint, 3)
    assert len(decode_with_opencv(tmp_path / "f.mp4")) == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["f.mp4"]


def test_existing_and_input_files_are_not_overwritten(tmp_path):
    path = tmp_path / "f.mp4"
    check_video_path(path, force=False)
    path.touch()
    with pytest.raises(OutputError, match=r"f\.mp4.*overwrite=True"):
        check_video_path(path, force=False)
    check_video_path(path, force=True)
    with pytest.raises(OutputError, match=r"f\.mp4"):
        check_video_path(path, force=True, source=path)
    with pytest.raises(OutputError, match=r"\.mp4"):
        check_video_path(tmp_path / "f.avi", force=True)


def test_too_little_disk_space_is_refused_before_the_start(tmp_path):
    path = tmp_path / "f.mp4"
    assert check_disk_space(path, (10, 10), 100, 99) > check_disk_space(path, (10, 10), 1, 0)
    with pytest.raises(OutputError, match="smaller size"):
        check_disk_space(path, (10_000, 10_000), 10_000_000, 0)


def test_a_film_whose_frames_are_all_stored_needs_no_more_space(tmp_path):
    check_disk_space(tmp_path / "f.mp4", (10_000, 10_000), 10_000_000, 10_000_000)


def test_a_film_that_cannot_be_written_names_its_frames(tmp_path):
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    checkpoint.save(0, RenderedFrame(moving_scene(1)[0], {}))
    with pytest.raises(OutputError, match=r"f\.mp4\.frames.*same command"):
        encode(tmp_path / "no" / "f.mp4", checkpoint, 1)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_encoding_is_tried_without_leaving_a_file(tmp_path, suffix):
    source = encode_video(tmp_path / "in.mp4", moving_scene(5), tone=True)
    layout = FilmLayout(Fraction(25), audio_from=source)
    checked, notices = check_encoding(
        tmp_path / f"f{suffix}", (31, 47), layout, comment="a", quality=50
    )
    assert (checked, notices) == (layout, [])
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.mp4"]


def test_what_cannot_be_encoded_is_found_out_early(tmp_path):
    layout = FilmLayout(Fraction(25))
    with pytest.raises(OutputError, match=r"f\.mp4"):
        check_encoding(tmp_path / "f.mp4", (20_000, 20), layout, comment="", quality=50)
    assert list(tmp_path.iterdir()) == []


def test_sound_that_cannot_be_written_is_left_out_early(tmp_path, monkeypatch):
    source = encode_video(tmp_path / "in.mp4", moving_scene(5), tone=True)

    def fail(*_):
        raise ValueError("no such sound")

    monkeypatch.setattr(writer, "add_sound", fail)
    layout = FilmLayout(Fraction(25), audio_from=source)
    checked, notices = check_encoding(tmp_path / "f.mp4", (32, 48), layout, comment="", quality=50)
    assert checked.audio_from is None
    assert notices == ["the sound of in.mp4 is left out: no such sound"]


def test_the_last_frame_and_transparency_are_laid_out(tmp_path):
    checkpoint = FrameCheckpoint(tmp_path / "f.webm", {})
    for number, pixels in enumerate(moving_scene(3, size=(32, 48))):
        checkpoint.save(number, RenderedFrame(pixels, {}))
    alpha = np.zeros((32, 48), np.uint8)
    alpha[:, :24] = 255
    times = [Fraction(n, 10) for n in (0, 1, 3)]
    layout = FilmLayout(Fraction(10), times, Fraction(12, 10), None, [alpha] * 3)
    path = tmp_path / "f.webm"
    encode_film(path, checkpoint, checkpoint.load_frames(3), comment="", layout=layout, quality=90)
    frames = list(read_frames(path))
    assert [float(frame.time) for frame in frames] == pytest.approx([0, 0.1, 0.3], abs=1e-3)
    with av.open(str(path)) as container:
        assert container.duration / av.time_base == pytest.approx(1.2, abs=0.01)
    assert all(np.abs(frame.alpha.astype(int) - alpha).mean() < 4 for frame in frames)
