"""Documentation that is generated is up to date, and names everything there is."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from puppyslug.cli import main
from puppyslug.networks import list_networks
from puppyslug.recipe.presets import PRESETS

ROOT = Path(__file__).parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_command_line_page_is_the_commands_own_help():
    generator = runpy.run_path(str(ROOT / "docs/command_line.py"))
    shown = subprocess.run(
        [sys.executable, "-m", "puppyslug", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^  (\w+)  ", shown.split("Commands:")[1], re.MULTILINE)
    assert list(generator["COMMANDS"]) == commands
    assert generator["page"]() == text("docs/command-line.md")


@pytest.mark.parametrize("spec", list_networks(), ids=lambda spec: spec.name)
def test_every_network_is_documented_and_credited(spec):
    page = text("docs/networks.md")
    assert f"`{spec.name}`" in page
    assert f"`{spec.default_layer}`" in page
    assert spec.source in page


def test_the_readme_names_every_preset_and_its_pictures_are_there():
    readme = text("README.md")
    for name in PRESETS:
        assert f"`{name}`" in readme
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    pictures = [
        page.parent / target
        for page in pages
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(pictures) >= 3
    assert all(picture.is_file() for picture in pictures)


def test_the_networks_page_shows_a_network_of_ones_own_that_works(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", text("docs/networks.md"), re.DOTALL)
    assert code.count("\n") <= 40
    (tmp_path / "own_network.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own = ["--network", "own_network:network"]
    short = ["--size", "96x64", "--octaves", "1", "--iterations", "1", "--quiet"]
    assert main(["layers", own[1]]) == 0
    assert "body" in capsys.readouterr().out
    for wish in (["--layer", "body"], ["--see", "house"]):
        assert main(["dream", "clouds", *own, *wish, *short]) == 0
