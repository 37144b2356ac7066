"""The data folder: paths, lock, orphaned files, disk quota."""

import subprocess
import sys

import pytest

from puppyslug.errors import OutputError
from puppyslug.studio.jobs.data_folder import DataFolder, enforce_quota
from puppyslug.studio.jobs.models import TRAINING, Job, Status, TrainingConfig
from puppyslug.studio.jobs.store import JobStore


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    yield folder
    folder.release()


def write(folder, job_id, *sizes):
    path = folder.job_folder(job_id)
    path.mkdir()
    for number, size in enumerate(sizes):
        (path / f"{number}.png").write_bytes(bytes(size))


def test_a_new_folder_is_created_empty(folder):
    assert folder.is_empty
    assert folder.networks.is_dir()
    write(folder, "a", 3, 4)
    assert not folder.is_empty
    assert folder.size("a") == 7
    folder.delete_job("a")
    folder.delete_job("never existed")
    assert folder.is_empty
    assert folder.size("a") == 0


def test_pictures_of_a_class_count_for_its_job(folder):
    path = folder.class_folder("a", 2)
    path.mkdir(parents=True)
    (path / "1.png").write_bytes(bytes(5))
    assert folder.size("a") == 5


def test_another_process_cannot_use_the_folder(folder):
    code = (
        "import sys; from pathlib import Path\n"
        "from puppyslug.studio.jobs.data_folder import DataFolder\n"
        "DataFolder(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(folder.path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert "OutputError" in last
    assert str(folder.path) in last
    assert "--data" in last
    folder.release()
    subprocess.run(command, check=True)


def test_a_file_is_not_a_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(OutputError, match="--data") as raised:
        DataFolder(path)
    assert str(path) in str(raised.value)


def test_orphaned_files_are_deleted(folder):
    write(folder, "kept", 1)
    write(folder, "orphan", 1)
    (folder.path / "dreams" / "stray.txt").write_text("x")
    folder.delete_orphans({"kept", "not on disk"})
    assert [path.name for path in (folder.path / "dreams").iterdir()] == ["kept"]


def test_the_quota_deletes_the_oldest_ended_dreams_first(folder):
    store = JobStore(folder.database)
    for job_id, status in (("a", Status.DONE), ("b", Status.QUEUED), ("c", Status.FAILED),
                           ("d", Status.DONE), ("e", Status.RUNNING)):  # fmt: skip
        write(folder, job_id, 10)
        store.add(Job(id=job_id, status=status, recipe={}, created=1, bytes=10), max_queued=9)
    enforce_quota(store, folder, 50)
    assert store.ids() == set("abcde")
    enforce_quota(store, folder, 40)
    assert store.ids() == set("bcde")
    assert folder.size("a") == 0
    enforce_quota(store, folder, 0)
    assert store.ids() == set("bde")  # the latest ended dream is kept
    assert folder.size("d") == 10
    store.close()


def test_the_quota_never_deletes_training_jobs(folder):
    store = JobStore(folder.database)
    config = TrainingConfig(base="efficientnet_lite0")
    for job_id, kind, lesson in (("t", TRAINING, config), ("a", "picture", None),
                                 ("b", "picture", None)):  # fmt: skip
        write(folder, job_id, 10)
        job = Job(id=job_id, kind=kind, status=Status.DONE, recipe={}, created=1, bytes=10,
                  lesson=lesson)  # fmt: skip
        store.add(job, max_queued=9)
    enforce_quota(store, folder, 1)
    assert store.ids() == {"t", "b"}
    store.close()


def test_links_are_not_followed(folder, tmp_path):
    write(folder, "a", 3)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "dream.png").write_text("secret")
    (folder.job_folder("a") / "dream.png").symlink_to(outside / "dream.png")
    (folder.job_folder("a") / "things").symlink_to(outside)
    folder.job_folder("b").symlink_to(outside)
    assert folder.find_file("a", "dream.png") is None
    assert folder.find_file("a", "things", "dream.png") is None
    assert folder.find_file("b", "dream.png") is None
    assert folder.find_file("a", "missing") is None
    assert folder.size("a") == 3
    folder.delete_orphans({"a"})
    assert (outside / "dream.png").read_text() == "secret"
    assert not folder.job_folder("b").is_symlink()
