"""The checkpoint of a picture: when it is written, what is refused, damage, locks."""

import os
from types import SimpleNamespace

import pytest
import torch

from puppyslug.engine import checkpoint as module
from puppyslug.engine.checkpoint import INTERVAL, MAX_SHARE, DreamCheckpoint, describe_job
from puppyslug.engine.snapshot import DreamSnapshot
from puppyslug.errors import OutputError
from puppyslug.recipe import InputFiles
from support.commands import list_files
from support.dream_runs import toy_recipe
from support.locks import locked_by_other_process

JOB = {"seed": 1, "photo": "a"}


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def snapshot():
    values = {"octave": 1, "fraction": 0.5}
    return DreamSnapshot({"image": torch.rand(1, 3, 8, 9), "noise": torch.arange(9)}, values)


def step(number, *, steps=10, is_last=False, **recipe):
    return SimpleNamespace(
        step=(number - 1) % steps,
        steps=steps,
        number=number,
        is_last=is_last,
        recipe=toy_recipe(**recipe),
        image=torch.zeros(1, 3, 8, 9),
    )


def stored(path, job=JOB):
    """Store a state as an interrupted run does."""
    checkpoint = DreamCheckpoint(path, job)
    checkpoint.start(toy_recipe())
    state = snapshot()
    checkpoint._store(state)
    return checkpoint, state


def test_a_stored_state_is_loaded_by_the_next_run(tmp_path):
    path = tmp_path / "a.png"
    _, state = stored(path)
    loaded = DreamCheckpoint(path, JOB)
    assert loaded.load() == toy_recipe()
    assert loaded.snapshot.values == state.values
    for name, tensor in state.tensors.items():
        assert torch.equal(loaded.snapshot.tensors[name], tensor)
    loaded.delete()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_loaded_or_written_before_there_is_something_to_store(tmp_path):
    checkpoint = DreamCheckpoint(tmp_path / "a.png", JOB)
    assert checkpoint.load() is None
    checkpoint.start(toy_recipe())
    checkpoint.delete()
    assert not checkpoint.is_busy
    assert not checkpoint.may_replace_output
    assert list(tmp_path.iterdir()) == []


def test_the_state_is_stored_at_intervals_and_at_the_end_of_octaves(tmp_path, clock):
    checkpoint = DreamCheckpoint(tmp_path / "a.png", JOB)
    checkpoint.start(toy_recipe())
    taken = []
    for number in range(1, 31):
        clock.now += 4
        taken.append(checkpoint.offer(step(number), snapshot))
    numbers = [number for number, one in enumerate(taken, 1) if one]
    assert numbers == [5, 10, 15, 20, 25, 30]
    clock.now += 4
    assert checkpoint.offer(step(40), snapshot)  # the end of an octave
    assert not checkpoint.offer(step(50), snapshot)  # at once after it


def test_storing_takes_a_small_share_of_the_time(tmp_path, clock):
    checkpoint = DreamCheckpoint(tmp_path / "a.png", JOB)
    checkpoint.start(toy_recipe())
    spent, start = 0.0, clock.now

    def slow():
        nonlocal spent
        spent += 3.0
        clock.now += 3.0
        return snapshot()

    for number in range(1, 2001):
        clock.now += 1.0
        checkpoint.offer(step(number), slow)
    assert spent >= 6.0
    assert spent / (clock.now - start) <= MAX_SHARE * 1.2


@pytest.mark.parametrize("last", [{"is_last": True}, {"stop_after": 7}])
def test_nothing_is_stored_after_the_last_step(tmp_path, clock, last):
    checkpoint = DreamCheckpoint(tmp_path / "a.png", JOB)
    checkpoint.start(toy_recipe())
    clock.now += 10 * INTERVAL
    assert not checkpoint.offer(step(7, **last), snapshot)
    assert list(tmp_path.iterdir()) == []


def test_another_job_is_refused_with_what_differs(tmp_path):
    stored(tmp_path / "a.png")
    with pytest.raises(OutputError, match=r"a\.png\.checkpoint.*another seed"):
        DreamCheckpoint(tmp_path / "a.png", {**JOB, "seed": 2}).load()


@pytest.mark.parametrize("name", ["job.json", "state.npz"])
@pytest.mark.parametrize("damage", [b"", b"[", b"{}"])
def test_damaged_files_are_refused(tmp_path, name, damage):
    checkpoint, _ = stored(tmp_path / "a.png")
    (checkpoint.folder / name).write_bytes(damage)
    with pytest.raises(OutputError, match=r"a\.png\.checkpoint is damaged"):
        DreamCheckpoint(tmp_path / "a.png", JOB).load()


def test_a_single_changed_bit_is_noticed(tmp_path):
    checkpoint, _ = stored(tmp_path / "a.png")
    file = checkpoint.folder / "state.npz"
    data = bytearray(file.read_bytes())
    data[400] ^= 1
    file.write_bytes(data)
    with pytest.raises(OutputError, match="damaged"):
        DreamCheckpoint(tmp_path / "a.png", JOB).load()


def test_only_the_picture_of_the_same_interrupted_dream_may_be_replaced(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"the dream so far")
    checkpoint = DreamCheckpoint(path, JOB)
    checkpoint.start(toy_recipe())
    checkpoint.mark_interrupted()
    assert DreamCheckpoint(path, JOB).may_replace_output
    assert DreamCheckpoint(path, JOB).load() is None  # no state: it starts from the beginning
    assert not DreamCheckpoint(path, {**JOB, "seed": 2}).may_replace_output
    path.write_bytes(b"another picture")
    assert not DreamCheckpoint(path, JOB).may_replace_output


def test_a_dream_of_another_process_is_neither_resumed_nor_deleted(tmp_path):
    checkpoint, _ = stored(tmp_path / "a.png")
    module.release(checkpoint._lock)
    other = DreamCheckpoint(tmp_path / "a.png", JOB)
    with locked_by_other_process(checkpoint.folder / "lock"):
        assert other.is_busy
        with pytest.raises(OutputError, match="another puppyslug process"):
            other.load()
        other.start(toy_recipe())
        with pytest.raises(OutputError, match="another puppyslug process"):
            other._store(snapshot())
        other.delete()
        assert "a.png.checkpoint/state.npz" in list_files(tmp_path)
    assert not other.is_busy


def test_a_folder_that_cannot_be_written_is_an_error_with_its_path(tmp_path):
    (tmp_path / "a.png.checkpoint").write_text("a file")
    checkpoint = DreamCheckpoint(tmp_path / "a.png", JOB)
    assert checkpoint.load() is None
    checkpoint.start(toy_recipe())
    with pytest.raises(OutputError, match=r"a\.png\.checkpoint"):
        checkpoint._store(snapshot())


def test_a_job_is_described_by_the_content_of_its_files(tmp_path):
    photo, mask = tmp_path / "a.jpg", tmp_path / "m.png"
    photo.write_bytes(b"1")
    mask.write_bytes(b"2")
    files = InputFiles(mask=mask)
    first = describe_job(toy_recipe(), photo, files)
    os.utime(photo, (1, 1))
    assert describe_job(toy_recipe(), photo, files) == first
    photo.write_bytes(b"3")
    assert describe_job(toy_recipe(), photo, files)["photo"] != first["photo"]
    mask.write_bytes(b"4")
    assert describe_job(toy_recipe(), photo, files)["mask"] != first["mask"]
    assert describe_job(toy_recipe(seed=9), photo, InputFiles())["seed"] == 9
    assert describe_job(toy_recipe(), "noise", InputFiles())["photo"] == "noise"
