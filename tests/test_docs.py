"""Documentation that is generated is up to date, and names everything there is."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from puppyslug.networks import list_networks
from puppyslug.presets import PRESETS

ROOT = Path(__file__).parent.parent


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


@pytest.mark.parametrize("record", list_networks(), ids=lambda record: record.name)
def test_every_network_is_documented_and_credited(record):
    page = text("docs/networks.md")
    assert f"`{record.name}`" in page
    assert f"`{record.default_layer}`" in page
    assert record.source in page


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
