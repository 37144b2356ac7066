"""Feature extraction: equal to the network's activations, cached, and pruned."""

import errno
import os

import pytest
import torch

from puppyslug.networks.loader import load_network
from puppyslug.training import feature_extractor
from puppyslug.training.feature_extractor import FeatureExtractor


@pytest.fixture(scope="module")
def network():
    return load_network("efficientnet_lite0", precision="float32", device="cpu", winograd=0)


@pytest.fixture
def extractor(network):
    return FeatureExtractor(network)


def views(count=2, seed=0):
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def cached_files(cache):
    return list((cache / feature_extractor.CACHE_FOLDER).iterdir())


def test_features_are_the_input_of_the_last_block(extractor, network):
    features = extractor.extract(views, "key")
    with torch.no_grad():
        layer = network.architecture.last_block_input
        expected = network.activations(views(), [layer])[layer].half()
    assert features.dtype == torch.float16
    assert torch.equal(features, expected)


def test_features_are_computed_once_for_each_key(network, cache):
    calls = []

    def make_views():
        calls.append(None)
        return views()

    first = FeatureExtractor(network).extract(make_views, "key", 1)
    again = FeatureExtractor(network).extract(make_views, "key", 1)
    assert len(calls) == 1
    assert torch.equal(first, again)
    FeatureExtractor(network).extract(make_views, "key", 2)
    assert len(calls) == 2
    assert len(cached_files(cache)) == 2


def test_damaged_files_are_computed_again(network, cache):
    first = FeatureExtractor(network).extract(views, "key")
    (file,) = cached_files(cache)
    file.write_bytes(b"damaged")
    assert torch.equal(FeatureExtractor(network).extract(views, "key"), first)


def test_a_full_disk_disables_the_cache(extractor, cache, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_extractor, "write_atomically", fail)
    assert not extractor.cache_full
    features = extractor.extract(views, "key")
    assert extractor.cache_full
    assert torch.equal(features, extractor.extract(views, "key"))
    assert cached_files(cache) == []


def test_the_least_recently_used_files_are_deleted(extractor, cache, monkeypatch):
    for seed in range(3):
        extractor.extract(lambda seed=seed: views(1, seed), "key", seed)
    files = sorted(cached_files(cache), key=lambda file: file.stat().st_mtime_ns)
    monkeypatch.setattr(
        feature_extractor, "MAX_CACHE_BYTES", sum(file.stat().st_size for file in files[1:])
    )
    for age, file in enumerate(reversed(files)):
        os.utime(file, (1e9 - age, 1e9 - age))
    extractor.prune_cache()
    assert set(cached_files(cache)) == set(files[1:])
