"""Tables in a terminal and in a pipe."""

import sys

from puppyslug.cli.tables import print_cards, print_table

HEADER = ("name", "text")
ROWS = [("first", "a [bold]\nline"), ("the second", "")]


def test_in_a_pipe_columns_are_aligned_and_cells_escaped(capsys):
    print_table(HEADER, ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "name        text",
        "first       a [bold]\\nline",
        "the second",
    ]


def test_in_a_terminal_cells_are_not_markup(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(HEADER, ROWS)
    output = capsys.readouterr().out
    assert "a [bold]\\nline" in output
    assert "the second" in output


def test_cards_show_every_cell_with_its_heading(capsys):
    print_cards(("network", "licence", "source"), [("toy", "MIT", "here"), ("other", "-", "there")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [["toy"], ["licence", "MIT"], ["source", "here"]]
    assert ["source", "there"] in lines
