import errno
import os
import stat

import pytest

from puppyslug.errors import OutputError
from puppyslug.files.atomic import check_writable, write_atomically


def test_a_file_is_written_with_the_permissions_of_a_new_file(tmp_path):
    path = tmp_path / "a.bin"
    write_atomically(path, memoryview(b"data"))
    assert path.read_bytes() == b"data"
    (tmp_path / "new").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "new").stat().st_mode)


def test_an_existing_file_is_only_replaced_on_request(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.bin.*overwrite=True"):
        write_atomically(path, b"new", overwrite=False)
    assert path.read_bytes() == b"old"
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


def test_file_systems_without_hard_links_are_supported(tmp_path, monkeypatch):
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    write_atomically(tmp_path / "a.bin", b"data", overwrite=False)
    assert (tmp_path / "a.bin").read_bytes() == b"data"


def test_a_failed_write_keeps_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.bin.*No space left on device.*free"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


def test_paths_that_cannot_be_written_are_refused_early(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path, offending in (
        (tmp_path, tmp_path.name),
        (tmp_path / "missing" / "a.bin", "missing"),
        (tmp_path / "link", "link.*overwrite=True"),
    ):
        with pytest.raises(OutputError, match=offending):
            check_writable(path, overwrite=False)
    check_writable(tmp_path / "link", overwrite=True)
    check_writable(tmp_path / "a.bin", overwrite=False)
    assert [file.name for file in tmp_path.iterdir()] == ["link"]


def test_a_folder_that_is_not_writable_is_refused_early(tmp_path, monkeypatch):
    def denied(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryDirectory", denied)
    with pytest.raises(OutputError, match=f"{tmp_path.name}.*Permission denied"):
        check_writable(tmp_path / "a.bin", overwrite=False)


def test_a_name_that_the_file_system_refuses_is_refused_early(tmp_path):
    for name in ("a" * 300 + ".png", "a\0b.png"):
        with pytest.raises(OutputError, match=r"cannot be written.*choose another name"):
            check_writable(tmp_path / name, overwrite=True)
    check_writable(tmp_path / ("a" * 251 + ".png"), overwrite=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EROFS])
def test_file_systems_without_permissions_are_supported(tmp_path, monkeypatch, number):
    def chmod(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "chmod", chmod)
    write_atomically(tmp_path / "a.bin", b"data")
    assert (tmp_path / "a.bin").read_bytes() == b"data"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_file_systems_without_fsync_are_supported(tmp_path, monkeypatch, number):
    def fsync(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(tmp_path / "a.bin", b"data")
    assert (tmp_path / "a.bin").read_bytes() == b"data"
