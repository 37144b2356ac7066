"""Weights files that fit an architecture, and how others are refused."""

import re
from pathlib import Path

import pytest
import torch

from puppyslug.cli import main
from puppyslug.errors import WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.weights.location import packaged_path
from puppyslug.networks.weights.state_dict import load_weights, validate_finite
from support.torchvision_weights import random_state_dict


def load(name, path):
    spec = find_spec(name)
    architecture = create_architecture(spec, device="meta")
    load_weights(architecture, spec, path)
    return architecture


def test_tensors_are_assigned_to_the_layers_they_belong_to(tmp_path):
    state = random_state_dict("squeezenet1_1")
    torch.save(state, tmp_path / "weights.pth")
    found = load("squeezenet1_1", tmp_path / "weights.pth").state_dict()
    weight = found["fires.3.expand3x3.weight"]
    assert torch.equal(weight, state["features.7.expand3x3.weight"])


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("resnet18", "squeezenet1_1"),
        ("squeezenet1_1", "resnet18"),
        ("googlenet", "googlenet-bn"),
    ],
)
def test_weights_of_another_network_name_that_network(tmp_path, expected, given):
    torch.save(random_state_dict(given), tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match=rf"weights\.pth.*{expected}.*network=.{given}"):
        load(expected, tmp_path / "weights.pth")


def test_other_classes_point_to_from_module(tmp_path):
    state = random_state_dict("resnet18")
    state["fc.weight"], state["fc.bias"] = torch.zeros(10, 512), torch.zeros(10)
    torch.save(state, tmp_path / "mine.pth")
    with pytest.raises(WeightsError, match=r"10 classes, not 1000; .*from_module"):
        load("resnet18", tmp_path / "mine.pth")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"features.0.weight": torch.zeros(64, 3, 3, 3, dtype=torch.int32)}, "int32"),
        ({"features.0.weight": torch.zeros(())}, "one number, not 64×3×3×3"),
        ({"features.0.bias": None}, r"features\.0\.bias"),
        ({"other.weight": torch.zeros(1)}, r"other\.weight"),
        ({f"other.{n}": torch.zeros(1) for n in range(5)}, r"other\.0.* and 2 more"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tmp_path, changes, named):
    state = random_state_dict("squeezenet1_1") | changes
    state = {name: tensor for name, tensor in state.items() if tensor is not None}
    torch.save(state, tmp_path / "odd.pth")
    with pytest.raises(WeightsError, match=rf"odd\.pth.*{named}"):
        load("squeezenet1_1", tmp_path / "odd.pth")


@pytest.mark.parametrize("damage", ["truncated", "other network", "wrong shape"])
def test_damaged_files_are_refused_in_one_line(tmp_path, damage):
    original = packaged_path(find_spec("efficientnet_lite0").weights)
    path = tmp_path / "weights.pth"
    if damage == "truncated":
        path.write_bytes(original.read_bytes()[:100_000])
    elif damage == "other network":
        path = packaged_path(find_spec("vgg19").weights)
    else:
        state = torch.load(original, weights_only=True)
        state["_conv_stem.weight"] = state["_conv_stem.weight"][:, :, :2]
        torch.save(state, path)
    with pytest.raises(WeightsError, match=re.escape(path.name)) as caught:
        load("efficientnet_lite0", path)
    assert "\n" not in str(caught.value)


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    state = random_state_dict("squeezenet1_1")
    state["features.0.bias"][3] = torch.nan
    torch.save(state, tmp_path / "nan.pth")
    architecture = load("squeezenet1_1", tmp_path / "nan.pth")
    with pytest.raises(WeightsError, match=r"nan\.pth.*conv1\.bias"):
        validate_finite(architecture, tmp_path / "nan.pth")


def test_labels_of_the_user_work_in_every_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.save(random_state_dict("squeezenet1_1"), "own.pth")
    Path("names.txt").write_text("".join(f"thing {number}\n" for number in range(1000)))
    own = ["--network", "squeezenet1_1", "--weights", "own.pth", "--labels", "names.txt"]
    small = ["--size", "96x64", "--octaves", "1", "--iterations", "2", "--quiet"]
    for goal in (["--see", "thing 70"], ["--objective", "2*see(thing 71) - conv1"]):
        assert main(["dream", "clouds", *own, *goal, *small, "-o", "d.png", "--force"]) == 0
    assert main(["redo", "d.png", "-o", "again.png", "--quiet", *own[2:]]) == 0
    assert Path("d.png").read_bytes() == Path("again.png").read_bytes()
    assert main(["dream", "clouds", *own, "--see", "dog", *small]) == 1
    assert "'dog'" in capsys.readouterr().err
    assert main(["redo", "d.png", "-o", "x.png", "--weights", "own.pth"]) == 1
    assert "--labels" in capsys.readouterr().err
    Path("names.txt").write_text("".join(f"place {number}\n" for number in range(1000)))
    assert main(["redo", "d.png", "-o", "x.png", "--quiet", *own[2:]]) == 1
    assert "names.txt" in capsys.readouterr().err
