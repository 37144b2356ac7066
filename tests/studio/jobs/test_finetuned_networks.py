"""The folder of trained networks: names only, never paths."""

import pytest

from puppyslug.errors import NetworkError
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks, network_file_name


@pytest.fixture
def networks(tmp_path):
    (tmp_path / "Pets.safetensors").write_bytes(b"damaged")
    (tmp_path / ".part.safetensors").write_bytes(b"incomplete")
    (tmp_path / "notes.txt").write_text("x")
    return FinetunedNetworks(tmp_path)


def test_files_are_found_by_their_exact_name(networks, tmp_path):
    assert networks.find("Pets.safetensors") == tmp_path / "Pets.safetensors"
    for name in ("pets.safetensors", ".part.safetensors", "notes.txt", "../Pets.safetensors", ""):
        assert networks.find(name) is None


def test_names_conflict_in_any_case(networks):
    assert networks.find_conflict("PETS.safetensors") == "Pets.safetensors"
    assert networks.find_conflict("cars.safetensors") is None


def test_damaged_networks_are_not_listed_and_cannot_be_used(networks):
    assert networks.list_specs() == []
    with pytest.raises(NetworkError, match="Pets"):
        networks.register_used("Pets.safetensors")


def test_built_in_networks_need_no_registration(networks):
    networks.register_used("vgg19")
    networks.register_used("vgg19+efficientnet_lite0")
    networks.register_used("")


@pytest.mark.parametrize("name", ["cars.safetensors", "vgg19+cars.safetensors"])
def test_missing_networks_are_named(networks, name):
    with pytest.raises(HTTPError, match=r"cars\.safetensors") as raised:
        networks.register_used(name)
    assert raised.value.status == 422


def test_a_network_is_deleted_once(networks):
    assert networks.delete("Pets.safetensors")
    assert not networks.delete("Pets.safetensors")
    assert not networks.delete("../notes.txt")


def test_network_names_become_file_names():
    assert network_file_name("my pets") == "my pets.safetensors"
    assert network_file_name("  my \n pets.SafeTensors ") == "my pets.safetensors"
    assert network_file_name("x" * 60) == "x" * 60 + ".safetensors"
    assert network_file_name("e\u0301tude") == "\u00e9tude.safetensors"


@pytest.mark.parametrize(
    "name", ["", " ", "../x", "a/b", "a+b", "x:y", ".hidden", "x" * 61, "a\x00b", "*", "-x", "x."]
)
def test_invalid_network_names_are_rejected(name):
    with pytest.raises(HTTPError) as raised:
        network_file_name(name)
    assert raised.value.status == 422


@pytest.mark.parametrize(
    "name", ["CON", "nul", "aux", "com1", "LPT9.safetensors", "con.pets", "COM²"]
)
def test_names_of_windows_devices_are_refused(name):
    with pytest.raises(HTTPError, match="Windows") as raised:
        network_file_name(name)
    assert raised.value.status == 422


@pytest.mark.parametrize("name", ["console", "com", "com10", "nullable", "my aux", "lpt"])
def test_names_that_resemble_those_of_devices_are_allowed(name):
    assert network_file_name(name) == f"{name}.safetensors"


def test_links_are_no_networks(networks, tmp_path):
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "link.safetensors").symlink_to(tmp_path / "outside")
    assert networks.find("link.safetensors") is None
