"""Descriptions of what users can choose from."""

import pytest

from puppyslug.errors import AtlasError, NetworkError
from puppyslug.networks import find_spec, list_networks
from puppyslug.recipe import PRESETS, Recipe
from puppyslug.studio import choices


def test_every_network_is_described_with_its_layers():
    described = choices.describe_networks()
    assert [one["name"] for one in described] == [spec.name for spec in list_networks()]
    for network in described:
        names = [layer["name"] for layer in network["layers"]]
        assert network["default_layer"] in names
        assert set(network["depths"]) <= set(names)


def test_trained_networks_come_last():
    spec = find_spec("vgg19")
    assert choices.describe_networks([spec])[-1]["name"] == "vgg19"


def test_every_preset_and_field_is_described():
    assert [one["name"] for one in choices.describe_presets()] == list(PRESETS)
    fields = choices.describe_fields()
    assert set(fields) == set(Recipe.model_json_schema()["properties"])
    assert "usual" in fields["step_size"]


def test_labels_are_searched_and_limited():
    found = choices.search_labels("retriever", "efficientnet_lite0", 3)
    assert len(found) == 3
    assert (found[0]["name"], found[0]["group"]) == ("retriever", True)
    every = choices.search_labels("", "efficientnet_lite0", 2000)
    assert sum(not label["group"] for label in every) == 1000
    assert [one["name"] for one in choices.search_labels("castle", "vgg19", 3)][:1] == ["castle"]
    assert choices.search_labels("castle", "googlenet-places365", 3) == []  # its names are unknown
    with pytest.raises(NetworkError, match="nonsense"):
        choices.search_labels("castle", "nonsense", 3)


def test_portraits_are_searched():
    layers = choices.list_atlas_layers()
    assert {"network": "vgg19", "layer": "relu5_2"} in layers
    every = choices.describe_atlas("vgg19", "relu5_2", "")
    dogs = choices.describe_atlas("vgg19", "relu5_2", "dog")
    assert every["count"] == len(every["entries"]) > len(dogs["entries"]) > 0
    assert {entry["number"] for entry in dogs["entries"]} < set(range(every["count"]))
    with pytest.raises(AtlasError, match="relu1_1"):
        choices.describe_atlas("vgg19", "relu1_1", "")
