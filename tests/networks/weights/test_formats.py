"""Weights files in every format, and damaged, foreign and malicious ones."""

import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from puppyslug.errors import WeightsError
from puppyslug.networks.weights.formats import read_weights_file


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    return {
        "features.0.weight": torch.rand(64, 3, 3, 3, generator=generator),
        "features.0.bias": torch.rand(64, generator=generator),
    }


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".tar"])
def test_state_dicts_are_read_in_every_format(tmp_path, state, suffix):
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        half = {name: tensor.half() for name, tensor in state.items()}
        safetensors.torch.save_file(half, path)
    elif suffix == ".tar":  # a checkpoint of data-parallel training
        wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
        torch.save({"epoch": 3, "state_dict": wrapped}, path)
    else:
        torch.save(state, path)
    found = read_weights_file(path)
    assert found.keys() == state.keys()
    for name, tensor in found.items():
        assert tensor.dtype == torch.float32
        assert torch.allclose(tensor, state[name], atol=1e-3)


class TouchesFile:
    """Pickles to code that creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path, wrapped, zipped):
    created, path = tmp_path / "created", tmp_path / "weights.pth"
    code = TouchesFile(created)
    content = {"state_dict": {"features.0.weight": code}} if wrapped else code
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"weights\.pth.*state dict"):
        read_weights_file(path)
    assert not created.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_incomplete_files_are_refused_in_one_line(tmp_path, state, suffix, share):
    path = tmp_path / f"weights{suffix}"
    (torch.save if suffix == ".pth" else safetensors.torch.save_file)(state, path)
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    with pytest.raises(WeightsError, match=f"weights{suffix}") as caught:
        read_weights_file(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [[1], {"epoch": 3}, {"a": torch.zeros(1), "b": 2}])
def test_files_without_a_state_dict_are_refused(tmp_path, content):
    torch.save(content, tmp_path / "list.pth")
    with pytest.raises(WeightsError, match=r"list\.pth.*state dict"):
        read_weights_file(tmp_path / "list.pth")


def test_a_text_file_is_refused_with_the_formats_that_are_read(tmp_path):
    (tmp_path / "notes.txt").write_text("no weights")
    with pytest.raises(WeightsError, match=r"notes\.txt.*\.pth, \.safetensors or \.caffemodel"):
        read_weights_file(tmp_path / "notes.txt")


def test_a_web_page_is_refused(tmp_path):
    (tmp_path / "a.pth").write_text("<!DOCTYPE html><html>")
    with pytest.raises(WeightsError, match=r"a\.pth is a web page"):
        read_weights_file(tmp_path / "a.pth")


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(64, 3, 3, 3),
        torch.zeros(64, 3, 3, 3).to_sparse(),
        torch.zeros(64, 3, 3, 3, dtype=torch.complex64),
    ],
)
def test_unsupported_tensors_are_named(tmp_path, state, tensor):
    torch.save(state | {"features.0.weight": tensor}, tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match=r"weights\.pth.*features\.0\.weight"):
        read_weights_file(tmp_path / "weights.pth")


def test_archives_that_are_no_state_dicts_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"")
        archive.writestr("net/code/__torch__.py", b"")
    with zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"0" * 1_000_000)
    for name, kind in (("a.pt", "TorchScript"), ("b.pt", "compressed")):
        with pytest.raises(WeightsError, match=f"{name}.*{kind}"):
            read_weights_file(tmp_path / name)


def test_the_suffix_of_a_file_does_not_matter(tmp_path, state):
    torch.save(state, tmp_path / "weights.safetensors")
    assert read_weights_file(tmp_path / "weights.safetensors").keys() == state.keys()
