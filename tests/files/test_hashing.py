import hashlib

import pytest

from puppyslug.errors import PuppyslugError
from puppyslug.files.hashing import file_digest, file_sha256


def test_the_digest_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"data" * 100_000)
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file_digest(path, "md5") == hashlib.md5(path.read_bytes()).hexdigest()


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(PuppyslugError, match="missing"):
        file_sha256(tmp_path / "missing")
