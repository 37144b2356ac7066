import hashlib

import pytest

from puppyslug.errors import WeightsError
from puppyslug.networks.specs import RemoteFile
from puppyslug.networks.weights.cache import cache_path, hash_weights, matches_checksum


def test_the_cache_is_in_the_folder_of_the_environment_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(tmp_path))
    assert cache_path(RemoteFile("a.pth", (), "", 1)) == tmp_path / "a.pth"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_checksums_may_be_complete_or_only_their_beginning(tmp_path, algorithm):
    path = tmp_path / "a.pth"
    path.write_bytes(b"weights")
    digits = hashlib.new(algorithm, b"weights").hexdigest()
    assert matches_checksum(path, f"{algorithm}:{digits}")
    assert matches_checksum(path, f"{algorithm}:{digits[:8].upper()}")
    assert not matches_checksum(path, f"{algorithm}:{'0' * 8}")
    assert matches_checksum(path, "")


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"missing\.pth"):
        hash_weights(tmp_path / "missing.pth")
