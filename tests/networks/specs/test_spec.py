from dataclasses import replace

import pytest

from puppyslug.errors import NetworkError
from puppyslug.networks import find_spec
from puppyslug.networks.specs import CLASS_MAP
from support.toy_network import toy_spec


def test_layers_are_found_by_name_and_by_the_literatures_name():
    spec = find_spec("googlenet")
    assert spec.layer("loss3/classifier") is spec.layer(CLASS_MAP)


def test_unknown_layers_suggest_similar_ones_and_the_command():
    with pytest.raises(NetworkError, match=r"'rel4_4'.*relu4_4.*puppyslug layers vgg19"):
        find_spec("vgg19").layer("rel4_4")


def test_a_motif_holds_from_its_layer_on():
    spec = replace(toy_spec(), motifs=(("relu1", "edges"), ("relu2", "eyes")))
    motifs = {layer.name: spec.typical_motif(layer.name) for layer in spec.layers}
    assert motifs["conv1"] == ""
    assert motifs["relu1"] == motifs["conv2"] == "edges"
    assert motifs["relu2"] == motifs[CLASS_MAP] == "eyes"


def test_indices_count_from_the_image():
    spec = find_spec("vgg19")
    assert spec.layer_index("conv1_1") == 0
    assert spec.layer_index("relu1_1") == 1


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("vgg19", True),
        ("vgg19+efficientnet_lite0", True),
        ("googlenet", False),  # only a SHA-1 was published
        ("vgg19+googlenet", False),
    ],
)
def test_the_expected_hash_is_known_where_every_member_has_one(name, known):
    assert len(find_spec(name).expected_sha256) == (64 if known else 0)
