from dataclasses import replace

import pytest

from puppyslug.errors import NetworkError
from puppyslug.networks.specs import CLASS_MAP, combine_specs, split_network_names
from support.toy_network import toy_spec

FIRST, SECOND = (replace(toy_spec(), name=name, licence=name) for name in ("first", "second"))


def test_names_are_split():
    assert split_network_names("vgg19") == ["vgg19"]
    assert split_network_names("vgg19 + resnet18") == ["vgg19", "resnet18"]


def test_layers_have_the_names_of_their_members():
    spec = combine_specs([FIRST, SECOND])
    assert spec.name == "first+second"
    assert spec.layer("second::conv1").channels == 4
    assert spec.layer("conv1").name == "first::conv1"
    assert spec.default_layer == "first::relu2"
    assert spec.licence == "first; second"
    assert spec.classes == spec.layer(CLASS_MAP).channels == 8


def test_a_network_is_named_once():
    with pytest.raises(NetworkError, match=r"first\+first"):
        combine_specs([FIRST, FIRST])


@pytest.mark.parametrize("changes", [{"classes": 9}, {"vocabulary": ""}])
def test_different_classes_have_no_class_map(changes):
    spec = combine_specs([FIRST, replace(SECOND, **changes)])
    assert spec.classes == 0
    with pytest.raises(NetworkError, match=r"first\+second"):
        spec.layer(CLASS_MAP)


def test_class_maps_with_different_positions_have_no_mean():
    layers = [layer for layer in SECOND.layers if layer.name != CLASS_MAP]
    shifted = replace(SECOND.layer(CLASS_MAP), geometry=layers[0].geometry)
    spec = combine_specs([FIRST, replace(SECOND, layers=(*layers, shifted))])
    with pytest.raises(NetworkError, match=r"first\+second"):
        spec.layer(CLASS_MAP)


def test_a_member_without_classes_does_not_matter():
    layers = tuple(layer for layer in SECOND.layers if layer.name != CLASS_MAP)
    spec = combine_specs([replace(SECOND, layers=layers, classes=0), FIRST])
    assert spec.classes == 8
