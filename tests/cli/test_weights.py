"""Weights of the network that a command uses."""

from pathlib import Path

import pytest

from puppyslug.cli import weights as weights_module
from puppyslug.cli.weights import load_selected_network, resolve_weights
from puppyslug.networks.specs import RemoteFile
from puppyslug.recipe import InputFiles, Recipe


@pytest.fixture
def downloads(monkeypatch, tmp_path):
    """The URLs of downloaded files, whose contents are empty."""
    urls = []

    def fetch(file, progress):
        urls.extend(file.urls)
        progress(0, 10)
        progress(10, 10)
        path = tmp_path / Path(file.name).name
        path.write_bytes(b"")
        return path

    monkeypatch.setattr("puppyslug.networks.weights.download.fetch", fetch)
    return urls


def test_a_file_is_used_as_it_is(downloads):
    assert resolve_weights("a.pth", quiet=True) == Path("a.pth")
    assert resolve_weights(Path("a.pth"), quiet=True) == Path("a.pth")
    assert resolve_weights(None, quiet=True) is None
    assert downloads == []


def test_a_url_is_downloaded_and_the_hash_of_an_unknown_file_is_printed(downloads, capsys):
    url = "https://example.org/a.pth"
    path = resolve_weights(url, quiet=False)
    assert path.name == "a.pth"
    assert downloads == [url]
    assert "e3b0c44298fc1c149afb" in capsys.readouterr().err  # SHA-256 of an empty file
    resolve_weights(url, quiet=True)
    assert capsys.readouterr().err == ""


def test_a_file_with_a_known_hash_needs_no_notice(downloads, capsys):
    file = RemoteFile("a.pth", ("https://example.org/a.pth",), "sha256:" + "0" * 64, 10)
    weights_module.download(file)
    assert capsys.readouterr().err == ""


def test_the_selected_network_is_loaded_with_its_options():
    recipe = Recipe.complete({"network": "vgg19", "precision": "float32"})
    network = load_selected_network(recipe, InputFiles(), quiet=True)
    assert network.spec.name == "vgg19"
    assert network.precision == "float32"
