from dataclasses import replace

import pytest
import torch

from puppyslug.errors import NetworkError
from puppyslug.networks.ensemble import Ensemble
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP, combine_specs
from support.toy_network import Toy, toy_spec

IMAGE = torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(4))


def make_members():
    second = Toy()
    for parameter in second.parameters():
        parameter.data.mul_(1.5)
    names = ("first", "second")
    specs = [replace(toy_spec(), name=name) for name in names]
    return [
        Network(spec, architecture, weights_sha256=spec.name, precision="float32")
        for spec, architecture in zip(specs, (Toy(), second), strict=True)
    ]


@pytest.fixture
def members():
    return make_members()


@pytest.fixture
def ensemble(members):
    return Ensemble(combine_specs([member.spec for member in members]), members)


def test_each_member_computes_its_own_layers(ensemble, members):
    names = ["first::relu1", "second::relu2", "conv1"]
    found = ensemble.activations(IMAGE, names)
    assert list(found) == names
    assert torch.equal(found["first::relu1"], members[0].activations(IMAGE, ["relu1"])["relu1"])
    assert torch.equal(found["second::relu2"], members[1].activations(IMAGE, ["relu2"])["relu2"])
    assert torch.equal(found["conv1"], members[0].activations(IMAGE, ["conv1"])["conv1"])


def test_a_member_without_targets_computes_nothing(ensemble, members):
    ensemble.activations(IMAGE, ["second::relu1"])
    assert members[0].architecture.computed == []
    assert members[1].architecture.computed == ["conv1", "relu1"]


def test_the_class_map_is_the_mean_of_the_members(ensemble, members):
    maps = [member.activations(IMAGE, [CLASS_MAP])[CLASS_MAP] for member in members]
    found = ensemble.activations(IMAGE, [CLASS_MAP])[CLASS_MAP]
    assert torch.allclose(found, (maps[0] + maps[1]) / 2)


def test_members_with_different_classes_have_no_common_class_map(members):
    other = replace(members[1].spec, vocabulary="")
    ensemble = Ensemble(combine_specs([members[0].spec, other]), members)
    with pytest.raises(NetworkError, match=r"first\+second"):
        ensemble.activations(IMAGE, [CLASS_MAP])
    assert ensemble.spec.classes == 0


def test_the_hash_depends_on_every_member(ensemble, members):
    swapped = Ensemble(ensemble.spec, members[::-1])
    assert ensemble.weights_sha256 != swapped.weights_sha256
