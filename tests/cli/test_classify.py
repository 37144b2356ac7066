"""``puppyslug classify``: tables, comparisons and maps."""

import sys
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from puppyslug.cli import main
from support.commands import image_size, run_failing


@pytest.fixture
def photos(folder) -> Path:
    """The current folder, with another photo of a cat."""
    Image.fromarray(skimage.data.chelsea()).save("whole.png")
    return folder


def test_in_a_pipe_the_classes_of_all_images_are_one_table(photos, capsys):
    assert main(["classify", "whole.png", "cat.png", "--top", "2"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["picture", "number", "class", "probability"]
    assert len(rows) == 4
    assert rows[0].startswith("whole.png")
    assert "Egyptian cat" in rows[0]


def test_in_a_terminal_one_image_has_bars(photos, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["classify", "whole.png", "--top", "3"]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.startswith("whole.png")
    assert len(rows) == 3
    assert "█" in rows[0]
    assert rows[0].endswith("%")


def test_in_a_terminal_two_images_stand_side_by_side(photos, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["classify", "whole.png", "cat.png", "--top", "2"]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.split() == ["whole.png", "cat.png"]
    assert rows[0].count("%") == 2
    assert max(map(len, rows)) <= 80


def test_a_class_can_be_requested_and_shown_on_a_map(photos, capsys):
    see = ["--top", "1", "--map", "map.png", "--see", "steel drum"]
    assert main(["classify", "cat.png", *see]) == 0
    *_, row, saved = capsys.readouterr().out.splitlines()
    assert "steel drum" in row
    assert saved == "map.png"
    assert image_size("map.png") == (120, 80)


def test_maps_of_several_images_are_on_one_sheet(photos):
    assert main(["classify", "whole.png", "cat.png", "--map", "map.png"]) == 0
    assert image_size("map.png")[0] > 2 * 120


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["gone.png"], ["gone.png"]),
        (["cat.png", "--map", "cat.png", "--force"], ["cat.png"]),
        (["cat.png", "--see", "goldn fish"], ["goldn fish", "goldfish"]),
    ],
)
def test_errors_name_the_wrong_value(folder, capsys, arguments, parts):
    line = run_failing(capsys, "classify", *arguments)
    for part in parts:
        assert part in line
