import shutil

from puppyslug.files.locks import acquire, release
from support.locks import locked_by_other_process


def test_a_lock_is_acquired_repeatedly_by_its_process(tmp_path):
    lock = tmp_path / "lock"
    assert acquire(lock)
    assert acquire(lock)
    release(lock)
    assert not lock.exists()


def test_a_lock_of_another_process_is_not_acquired_until_that_is_killed(tmp_path):
    lock = tmp_path / "lock"
    with locked_by_other_process(lock):
        assert not acquire(lock)
        release(lock)
        assert not acquire(lock)
    assert acquire(lock)
    release(lock)


def test_a_lock_whose_folder_was_deleted_is_acquired_anew(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert acquire(folder / "lock")
    shutil.rmtree(folder)
    folder.mkdir()
    assert acquire(folder / "lock")
    assert (folder / "lock").exists()
    release(folder / "lock")


def test_releasing_a_lock_that_is_not_held_does_nothing(tmp_path):
    lock = tmp_path / "lock"
    lock.touch()
    release(lock)
    assert lock.exists()
