"""Help of the commands, at 80 columns and without a terminal."""

import re

import pytest

from puppyslug.cli import main
from puppyslug.cli.help_panels import PANELS

COMMANDS = [
    ["dream"], ["redo"], ["sheet"], ["zoom"], ["journey"], ["film"], ["portrait"], ["channels"],
    ["teach"], ["studio"], ["classify"], ["layers"], ["labels"], ["bench"], ["atlas"],
    ["networks"], ["atlas", "build"], ["atlas", "show"], ["atlas", "search"], ["atlas", "like"],
    ["networks", "fetch"],
]  # fmt: skip
PICTURE_COMMANDS = ["dream", "film", "zoom", "journey", "sheet"]


@pytest.fixture
def help_of(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def run(*command):
        assert main([*command, "--help"]) == 0
        return capsys.readouterr().out

    return run


def headings(text):
    return re.findall(r"^(\S.*):$", text, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_has_help_that_fits_80_columns(help_of, command):
    lines = [*help_of(*command).splitlines(), ""]
    assert max(map(len, lines)) <= 80
    for number, line in enumerate(lines):
        if re.match(r"  -", line):
            text = line + lines[number + 1]
            assert re.search(r"\S {2,}\S", text), f"{line.strip()} has no help"


@pytest.mark.parametrize("command", PICTURE_COMMANDS)
def test_long_lists_of_options_are_grouped_in_order(help_of, command):
    found = headings(help_of(command))
    assert {"Picture", "Objective", "Octaves and steps", "Output", "Machine"} <= set(found)
    assert found == [panel for panel in PANELS if panel in found]


def test_the_options_of_dream_are_in_the_panels_that_describe_them(help_of):
    panels = re.split(r"^(\S.*):$", help_of("dream"), flags=re.MULTILINE)
    text = dict(zip(panels[1::2], panels[2::2], strict=True))
    for option, panel in {
        "--size": "Picture",
        "--layer": "Objective",
        "--octaves": "Octaves and steps",
        "--palette": "Look",
        "--output": "Output",
        "--device": "Machine",
    }.items():
        assert re.search(rf"^  .*{option}\b", text[panel], re.MULTILINE)
    assert re.findall(r"^  -\S*", text["Options"], re.MULTILINE) == ["  -h,"]


def test_short_lists_of_options_have_one_heading(help_of):
    assert headings(help_of("labels")) == ["Arguments", "Options"]


def test_arguments_are_shown_without_their_types(help_of):
    assert re.search(r"^  PHOTO…\|DIR\|noise\|clouds$", help_of("dream"), re.MULTILINE)
