import pytest
import torch

from puppyslug.errors import LabelError, NetworkError, WeightsError
from puppyslug.networks.ensemble import Ensemble
from puppyslug.networks.loader import load_network, resolve_weights_path
from support.torchvision_weights import random_state_dict


def test_a_network_is_loaded_once_for_the_same_arguments():
    first = load_network("vgg19", precision="float32", device="cpu")
    assert load_network("vgg19", precision="float32", device="cpu") is first
    assert load_network("vgg19", precision="bfloat16", device="cpu") is not first


def test_the_weights_file_is_recorded(tmp_path):
    torch.save(random_state_dict("squeezenet1_1"), tmp_path / "own.pth")
    network = load_network("squeezenet1_1", weights=tmp_path / "own.pth", precision="float32")
    assert network.weights_name == "own.pth"
    assert len(network.weights_sha256) == 64


def test_labels_name_the_classes(tmp_path):
    torch.save(random_state_dict("squeezenet1_1"), tmp_path / "own.pth")
    (tmp_path / "names.txt").write_text("".join(f"thing {n}\n" for n in range(1000)))
    options = {"weights": tmp_path / "own.pth", "precision": "float32"}
    network = load_network("squeezenet1_1", labels=tmp_path / "names.txt", **options)
    assert network.find_label("thing 7").class_numbers == (7,)
    (tmp_path / "few.txt").write_text("one\ntwo\n")
    with pytest.raises(LabelError, match=r"few\.txt.*2 .*1000"):
        load_network("squeezenet1_1", labels=tmp_path / "few.txt", **options)


@pytest.mark.parametrize("option", ["weights", "labels"])
def test_files_of_a_single_network_are_refused_for_an_ensemble(option):
    with pytest.raises(WeightsError, match=rf"vgg19\+efficientnet_lite0.*{option}"):
        load_network("vgg19+efficientnet_lite0", **{option: "a.file"})


def test_a_missing_weights_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"none\.pth"):
        load_network("vgg19", weights=tmp_path / "none.pth")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    state = random_state_dict("squeezenet1_1")
    state["features.0.bias"][0] = torch.inf
    torch.save(state, tmp_path / "own.pth")
    with pytest.raises(WeightsError, match=r"own\.pth"):
        load_network("squeezenet1_1", weights=tmp_path / "own.pth")


def test_members_of_an_ensemble_are_shared_with_single_networks():
    options = {"precision": "float32", "device": "cpu"}
    ensemble = load_network("efficientnet_lite0+vgg19", **options)
    assert isinstance(ensemble, Ensemble)
    assert ensemble.members[1] is load_network("vgg19", **options)


def test_unknown_networks_are_refused():
    with pytest.raises(NetworkError, match="vgg19"):
        load_network("vgg91")


def test_paths_of_weights_need_not_be_urls(tmp_path):
    assert resolve_weights_path(str(tmp_path / "a.pth")) == tmp_path / "a.pth"
