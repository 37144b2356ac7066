"""The frame checkpoint: storing and resuming, refused jobs, damage, full disks, locking."""

import errno

import numpy as np
import pytest

from puppyslug.errors import OutputError
from puppyslug.files.locks import release
from puppyslug.video.checkpoint import FrameCheckpoint, disk_space_needed
from puppyslug.video.frames import RenderedFrame
from support.films import moving_scene
from support.locks import locked_by_other_process


def save_scene(checkpoint, count):
    """Store a scene, with the index of each frame as its state."""
    pictures = moving_scene(count, size=(48, 64))
    for number, pixels in enumerate(pictures):
        checkpoint.save(number, RenderedFrame(pixels, {"next": np.array(number)}))
    return pictures


def test_stored_frames_and_state_are_loaded_by_the_next_run(tmp_path):
    path = tmp_path / "f.mp4"
    pictures = save_scene(FrameCheckpoint(path, {"recipe": {"octaves": 3}}), 3)
    checkpoint = FrameCheckpoint(path, {"recipe": {"octaves": 3}})
    assert checkpoint.frame_count() == 3
    assert int(checkpoint.load_state()["next"]) == 2
    for loaded, pixels in zip(checkpoint.load_frames(3), pictures, strict=True):
        assert np.array_equal(loaded, pixels)
    checkpoint.delete()
    assert list(tmp_path.iterdir()) == []


def test_a_new_checkpoint_is_empty(tmp_path):
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    assert checkpoint.frame_count() == 0
    assert checkpoint.load_state() == {}


def test_another_job_is_refused_or_starts_again(tmp_path):
    path = tmp_path / "f.mp4"
    save_scene(FrameCheckpoint(path, {"recipe": {"octaves": 3}, "seed": 1}), 2)
    with pytest.raises(OutputError, match=r"\(recipe\).*overwrite=True") as caught:
        FrameCheckpoint(path, {"recipe": {"octaves": 4}, "seed": 1})
    assert str(path) in str(caught.value)
    other = FrameCheckpoint(path, {"recipe": {"octaves": 4}, "seed": 1}, restart=True)
    assert other.frame_count() == 0


@pytest.mark.parametrize("name", ["state.npz", "job.json", "000001.png"])
def test_damaged_files_are_named_with_the_remedy(tmp_path, name):
    path = tmp_path / "f.mp4"
    checkpoint = FrameCheckpoint(path, {"recipe": 1})
    save_scene(checkpoint, 3)
    (checkpoint.folder / name).write_bytes(b"[")
    with pytest.raises(OutputError, match="overwrite=True") as caught:
        list(FrameCheckpoint(path, {"recipe": 1}).load_frames(checkpoint.frame_count()))
    assert str(checkpoint.folder) in str(caught.value)


def test_a_full_disk_is_reported_and_loses_no_stored_frame(tmp_path, monkeypatch):
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    pictures = save_scene(checkpoint, 2)
    write = FrameCheckpoint._write

    def fail(path, data):
        path.with_name(f"{path.name}.part").write_bytes(data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FrameCheckpoint, "_write", staticmethod(fail))
    with pytest.raises(OutputError, match="No space left on device"):
        checkpoint.save(2, RenderedFrame(pictures[0], {}))
    monkeypatch.setattr(FrameCheckpoint, "_write", staticmethod(write))
    assert checkpoint.frame_count() == 2
    checkpoint.save(2, RenderedFrame(pictures[0], {}))
    for loaded, pixels in zip(checkpoint.load_frames(3), [*pictures, pictures[0]], strict=True):
        assert np.array_equal(loaded, pixels)


def test_the_estimated_disk_space_suffices(tmp_path):
    checkpoint = FrameCheckpoint(tmp_path / "f.mp4", {})
    for number in range(4):
        noise = np.random.default_rng(number).integers(60, 190, (90, 160, 3), np.uint8)
        state = {"detail": np.zeros((90, 160, 3), np.float32)}
        checkpoint.save(number, RenderedFrame(noise, state))
    used = sum(entry.stat().st_size for entry in checkpoint.folder.iterdir())
    assert used <= disk_space_needed((90, 160), 4) * 1.15


def test_a_film_is_rendered_by_one_process_at_a_time(tmp_path):
    path = tmp_path / "f.mp4"
    lock = FrameCheckpoint(path, {}).folder / "lock"
    release(lock)
    with locked_by_other_process(lock), pytest.raises(OutputError, match=r"f\.mp4"):
        FrameCheckpoint(path, {})
    FrameCheckpoint(path, {})  # the owner was killed
    FrameCheckpoint(path, {})  # the same process may open it again


def test_a_film_with_a_long_name_has_a_folder_of_its_own(tmp_path):
    folders = set()
    for last in "ab":
        film = tmp_path / ("é" * 124 + last + ".mp4")
        checkpoint = FrameCheckpoint(film, {})
        folders.add(checkpoint.folder.name)
        assert checkpoint.folder.name.endswith(".frames")
        checkpoint.delete()
    assert len(folders) == 2
