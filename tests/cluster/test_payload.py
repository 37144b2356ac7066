"""Payloads: networks with the files that a worker lacks, and prepared dreams."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from puppyslug.cluster import payload
from puppyslug.cluster.payload import NetworkPayload, PreparedPayload
from puppyslug.errors import ClusterError, PuppyslugError
from puppyslug.files.hashing import file_sha256
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.finetuned import FinetunedHeader, header_metadata, make_finetuned_spec
from puppyslug.networks.kernels import DIRECT
from puppyslug.networks.loader import load_network
from puppyslug.networks.weights.location import locate_weights
from puppyslug.recipe import InputFiles
from support.toy_dreams import prepare_toy


@pytest.fixture(autouse=True)
def object_store(monkeypatch):
    """Keep files in the payload itself instead of Ray's object store."""
    monkeypatch.setattr(payload, "_store", lambda path: [np.fromfile(path, np.uint8)])
    monkeypatch.setattr(payload, "_fetch", lambda reference: reference[0])


def test_a_packed_network_is_loaded_as_the_driver_has_it():
    network = load_network("efficientnet_lite0", precision="float32", device="cpu")
    packed = NetworkPayload.pack(network, InputFiles())
    loaded = packed.load()
    assert (packed.weights, packed.labels, packed.finetuned) == (None, None, ())
    assert loaded.weights_sha256 == network.weights_sha256
    assert (loaded.precision, loaded.device) == ("float32", torch.device("cpu"))


def test_the_users_weights_are_loaded_by_a_worker_that_lacks_them(tmp_path):
    own = tmp_path / "own.pth"
    own.write_bytes(locate_weights(find_spec("efficientnet_lite0")).read_bytes())
    network = load_network("efficientnet_lite0", weights=own, precision="float32", device="cpu")
    packed = NetworkPayload.pack(network, InputFiles(weights=own))
    own.unlink()
    loaded = packed.load()
    assert loaded.weights_name == "own.pth"
    assert loaded.weights_sha256 == network.weights_sha256


def test_a_machine_with_other_weights_is_refused():
    with pytest.raises(ClusterError, match=r"efficientnet_lite0.*00000000…"):
        NetworkPayload("efficientnet_lite0", "float32", "cpu", DIRECT, "0" * 64).load()


def test_a_finetuned_network_is_loaded_by_a_worker_that_lacks_it(tmp_path):
    header = FinetunedHeader(
        base="vgg19", base_weights="0" * 64, new_classes=("cup", "hat"), confidence_threshold=0.5,
        licence="-", image_counts=(3, 3), holdout=None, seed=0, trained_last_block=False,
    )  # fmt: skip
    spec = make_finetuned_spec(find_spec("vgg19"), header.head, name="mine.safetensors")
    state = create_architecture(spec).state_dict()
    path = tmp_path / "mine.safetensors"
    safetensors.torch.save_file(state, path, header_metadata(header))
    finetuned = ((path.name, [np.fromfile(path, np.uint8)]),)
    sha256 = file_sha256(path)
    path.unlink()
    packed = NetworkPayload(path.name, "float32", "cpu", DIRECT, sha256, finetuned=finetuned)
    network = packed.load()
    assert network.spec.finetuned.new_classes == ("cup", "hat")
    assert network.find_label("hat").number == 1


def test_downloads_are_put_into_the_workers_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(tmp_path / "cache"))
    spec = find_spec("squeezenet1_1")
    data = np.frombuffer(b"no weights at all", np.uint8)
    packed = NetworkPayload(
        "squeezenet1_1", "float32", "cpu", DIRECT, "0" * 64, downloads=((spec.weights, [data]),)
    )
    with pytest.raises(PuppyslugError, match=spec.weights.name):  # the hash is still checked
        packed.load()
    assert (tmp_path / "cache" / spec.weights.name).read_bytes() == b"no weights at all"


def test_a_prepared_dream_is_restored_with_the_workers_network(toy, picture):
    mask = torch.ones(1, 1, 40, 52)
    prepared = replace(prepare_toy(toy, picture), mask=mask, guides={"guide": picture})
    restored = PreparedPayload.pack(prepared).unpack(toy)
    assert torch.equal(restored.image, picture)
    assert torch.equal(restored.mask, mask)
    assert torch.equal(restored.guides["guide"], picture)
    assert (restored.recipe, restored.network) == (prepared.recipe, toy)
