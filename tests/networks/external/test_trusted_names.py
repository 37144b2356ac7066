import pytest

from puppyslug.errors import NetworkError
from puppyslug.networks.external import is_trusted, trust, trusted_names


@pytest.fixture(autouse=True)
def nothing_trusted(monkeypatch):
    monkeypatch.setattr(trusted_names, "_trusted", set())


def test_each_name_of_an_ensemble_is_trusted():
    trust("mine:network + timm/x")
    assert is_trusted("mine:network")
    assert is_trusted("timm/x")
    assert not is_trusted("mine:other")


def test_a_finetuned_file_must_exist():
    with pytest.raises(NetworkError, match=r"none\.safetensors"):
        trust("none.safetensors")
