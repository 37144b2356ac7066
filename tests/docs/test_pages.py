"""The README and the pages of docs/: complete, and with examples that work."""

import re
from pathlib import Path

import pytest

from puppyslug.cli import main
from puppyslug.networks import list_networks
from puppyslug.recipe import PRESETS

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", list_networks(), ids=lambda spec: spec.name)
def test_every_network_is_documented_and_credited(spec):
    page = read("docs/networks.md")
    assert f"`{spec.name}`" in page
    assert f"`{spec.default_layer}`" in page
    assert spec.source in page


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_readme_names_every_preset(name):
    assert f"`{name}`" in read("README.md")


def test_all_pictures_of_the_pages_exist():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    pictures = [
        page.parent / target
        for page in pages
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(pictures) >= 3
    assert [picture for picture in pictures if not picture.is_file()] == []


def test_the_custom_network_of_the_networks_page_works(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", read("docs/networks.md"), re.DOTALL)
    assert code.count("\n") <= 40
    (tmp_path / "own_network.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own = ["--network", "own_network:network"]
    small = ["--size", "96x64", "--octaves", "1", "--iterations", "1", "--quiet"]
    assert main(["layers", own[1]]) == 0
    assert "body" in capsys.readouterr().out
    for objective in (["--layer", "body"], ["--see", "house"]):
        assert main(["dream", "clouds", *own, *objective, *small]) == 0
