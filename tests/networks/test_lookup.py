import pytest

from puppyslug.errors import NetworkError
from puppyslug.networks import find_spec, list_networks


@pytest.mark.parametrize("spec", list_networks(), ids=lambda spec: spec.name)
def test_registered_networks_are_found_by_name(spec):
    assert find_spec(spec.name) is spec


def test_unknown_names_suggest_similar_ones():
    with pytest.raises(NetworkError, match="efficientnet_lite0"):
        find_spec("efficientnet")


@pytest.mark.parametrize("name", ["", "vgg19+", "+vgg19"])
def test_an_empty_name_names_the_command_that_lists_networks(name):
    with pytest.raises(NetworkError, match="puppyslug networks"):
        find_spec(name)


def test_several_names_give_an_ensemble():
    spec = find_spec("vgg19 + efficientnet_lite0")
    assert spec.name == "vgg19+efficientnet_lite0"
    assert [member.name for member in spec.members] == ["vgg19", "efficientnet_lite0"]


def test_an_unregistered_finetuned_file_points_to_the_option():
    with pytest.raises(NetworkError, match=r"own\.safetensors.*as network"):
        find_spec("own.safetensors")
