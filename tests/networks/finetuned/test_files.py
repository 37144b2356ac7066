import numpy as np
import pytest
from safetensors.numpy import save_file

from puppyslug.errors import NetworkError, WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.finetuned import (
    FinetunedHeader,
    files,
    finetuned_names_in,
    header_metadata,
    is_finetuned_file,
    register_finetuned_file,
    registered_spec,
    strip_folders,
)


def save_network(path, **fields):
    header = FinetunedHeader(
        base_weights="0" * 64, new_classes=("cup",), confidence_threshold=0.5, licence="-",
        image_counts=(3,), holdout=None, seed=0, trained_last_block=False,
        **{"base": "vgg19", **fields},
    )  # fmt: skip
    save_file({"weight": np.zeros(1, np.float32)}, path, header_metadata(header))
    return path


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(files, "_registered", {})


def test_files_are_told_from_other_names():
    assert is_finetuned_file("folder/own.SAFETENSORS")
    assert not is_finetuned_file("vgg19")


def test_folders_are_stripped_from_files_only():
    network = r"vgg19+some/folder/own.safetensors+C:\nets\b.safetensors+timm/x"
    assert strip_folders(network) == "vgg19+own.safetensors+b.safetensors+timm/x"
    assert finetuned_names_in(network) == ["own.safetensors", "b.safetensors"]


def test_a_registered_file_is_found_by_its_name(tmp_path):
    path = save_network(tmp_path / "own.safetensors")
    assert registered_spec("own.safetensors") is None
    register_finetuned_file(path)
    spec = find_spec("own.safetensors")
    assert spec is registered_spec("elsewhere/own.safetensors")
    assert spec.name == "own.safetensors"
    assert spec.weights.path == path
    assert spec.finetuned.new_classes == ("cup",)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NetworkError, match=r"none\.safetensors"):
        register_finetuned_file(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    ("fields", "named"), [({"base": "nonesuch"}, "nonesuch"), ({"base_classes": ("a",)}, "1 ")]
)
def test_files_that_do_not_match_their_base_are_refused(tmp_path, fields, named):
    path = save_network(tmp_path / "own.safetensors", **fields)
    with pytest.raises(WeightsError, match=rf"own\.safetensors.*{named}"):
        register_finetuned_file(path)
