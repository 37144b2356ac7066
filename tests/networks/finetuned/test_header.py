import json

import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import save_file

from puppyslug.errors import NetworkError, WeightsError
from puppyslug.networks.finetuned import (
    METADATA_KEY,
    FinetunedHeader,
    HoldoutResult,
    header_metadata,
    read_header,
)

HEADER = FinetunedHeader(
    base="vgg19",
    base_weights="0" * 64,
    new_classes=("cup", "hat"),
    confidence_threshold=0.5,
    licence="-",
    image_counts=(3, 4),
    holdout=HoldoutResult(counts=((1, 0, 0), (0, 1, 0), (0, 0, 1)), unsure=(0, 0, 1)),
    seed=0,
    trained_last_block=False,
)


def save(path, metadata):
    save_file({"weight": np.zeros(1, np.float32)}, path, metadata)
    return path


def test_a_header_is_read_as_it_was_written(tmp_path):
    path = save(tmp_path / "own.safetensors", header_metadata(HEADER))
    assert read_header(path) == HEADER
    assert read_header(path).head.new_classes == ("cup", "hat")


def test_the_keys_of_the_file_format_never_change():
    document = json.loads(header_metadata(HEADER)[METADATA_KEY])
    assert METADATA_KEY == "puppyslug"
    assert set(document) == {
        "form", "base", "base_weights", "things", "classes", "sharpness", "shift", "sure_from",
        "licence", "pictures", "held", "seed", "taught_blocks",
    }  # fmt: skip
    assert set(document["held"]) == {"counts", "unsure"}


@pytest.mark.parametrize("names", [("cup", "Cup"), ("cup", "none"), ("cup", "a\nb"), ()])
def test_class_names_are_unique_and_printable(names):
    with pytest.raises(ValidationError):
        FinetunedHeader.model_validate(HEADER.model_dump() | {"new_classes": names})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NetworkError, match=r"none\.safetensors"):
        read_header(tmp_path / "none.safetensors")


def test_weights_without_a_header_name_the_options(tmp_path):
    path = save(tmp_path / "plain.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match=r"plain\.safetensors.*network.*as weights"):
        read_header(path)


@pytest.mark.parametrize("text", ["", "{}", '{"form": 2}'])
def test_an_invalid_header_is_refused(tmp_path, text):
    path = save(tmp_path / "odd.safetensors", {METADATA_KEY: text})
    with pytest.raises(WeightsError, match=r"odd\.safetensors"):
        read_header(path)


@pytest.mark.parametrize("data", [b"", b"text", b"\xff" * 100, (10**9).to_bytes(8, "little")])
def test_damaged_files_are_refused(tmp_path, data):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"bad\.safetensors"):
        read_header(path)
