"""docs/command-line.md, which docs/command_line.py writes."""

import re
import runpy
from pathlib import Path

import pytest

from puppyslug.cli import main
from puppyslug.cli.options import CAMERA_OPTIONS, RECIPE_OPTIONS

ROOT = Path(__file__).parents[2]
GENERATOR = runpy.run_path(str(ROOT / "docs/command_line.py"))


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs/command-line.md").read_text(encoding="utf-8")


def commands_in_help(capsys, *group: str) -> list[str]:
    """Return the commands that the help of a group lists."""
    assert main([*group, "--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:")[1]
    return re.findall(r"^  (\w+)  ", listed, re.MULTILINE)


def test_the_page_is_up_to_date(page, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert GENERATOR["render_page"]() == page, "run docs/command_line.py"


def test_every_command_is_on_the_page(capsys):
    assert list(GENERATOR["COMMANDS"]) == commands_in_help(capsys)
    for group in ("atlas", "networks"):
        names = [name for parent, name in GENERATOR["SUBCOMMANDS"] if parent == group]
        assert names == commands_in_help(capsys, group)


@pytest.mark.parametrize("name", sorted(RECIPE_OPTIONS | CAMERA_OPTIONS))
def test_every_setting_is_on_the_page(page, name):
    assert re.search(rf"^  --{name.replace('_', '-')}\b", page, re.MULTILINE)


def test_the_page_shows_the_groups_of_options(page):
    section = page.split("## puppyslug dream\n")[1].split("\n## ")[0]
    for panel in ("Picture", "Objective", "Octaves and steps", "Look", "Output", "Machine"):
        assert f"\n{panel}:\n" in section
