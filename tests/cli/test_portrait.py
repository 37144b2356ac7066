"""``puppyslug portrait``: variants side by side, transparency, the recipe, and refusals."""

import json
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from puppyslug.cli import main
from support.commands import image_size, run_failing

SMALL = ["--size", "48", "--steps", "2", "--quiet"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_variants_are_saved_side_by_side_with_their_settings(capsys):
    assert main(["portrait", "relu3_1:5", "-o", "p.png", "--batch", "3", *SMALL]) == 0
    assert capsys.readouterr().out == "p.png\n"
    with Image.open("p.png") as picture:
        assert picture.size == (144, 48)
        settings = json.loads(picture.text["puppyslug"])["portrait"]
    assert (settings["objective"], settings["network"]) == ("relu3_1:5", "vgg19")
    assert (settings["size"], settings["steps"], settings["batch"]) == (48, 2, 3)


def test_a_transparent_portrait_has_an_alpha_channel():
    assert main(["portrait", "see(castle)", "-o", "c.png", "--transparent", *SMALL]) == 0
    with Image.open("c.png") as picture:
        assert picture.mode == "RGBA"


@pytest.mark.parametrize(
    "options", [["relu3_1:5", "--batch", "2", "--seed", "3"], ["see(castle)", "--transparent"]]
)
def test_redo_draws_a_portrait_again_byte_for_byte(options):
    assert main(["portrait", *options, "-o", "p.png", "--diversity", "5", *SMALL]) == 0
    assert main(["redo", "p.png", "--quiet"]) == 0
    assert Path("p.png").read_bytes() == Path("p-2.png").read_bytes()
    assert main(["redo", "p.png", "--size", "64", "-o", "larger.png", "--quiet"]) == 0
    with Image.open("p.png") as small, Image.open("larger.png") as large:
        assert large.width * 48 == small.width * 64


def test_a_portrait_is_no_recipe_of_a_dream(capsys):
    assert main(["portrait", "relu3_1:5", "-o", "p.png", *SMALL]) == 0
    line = run_failing(capsys, "dream", "--recipe", "p.png")
    assert "redo" in line and "--objective relu3_1:5" in line
    for option in ("--photo", "--mask", "--guide"):
        assert option in run_failing(capsys, "redo", "p.png", option, "p.png", "-o", "x.png")
    assert "full" in run_failing(capsys, "redo", "p.png", "--size", "full", "-o", "x.png")


def test_a_portrait_that_does_not_activate_is_reported(capsys, monkeypatch):
    monkeypatch.setattr("puppyslug.visualization.portraits._find_inactive", lambda *_: (0,))
    monkeypatch.setattr("puppyslug.visualization.portraits.STARTS", 1)
    assert main(["portrait", "relu3_1:5", "-o", "p.png", *SMALL[:-1]]) == 0
    assert "no portrait was found that activates relu3_1:5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["relu3_1:999", "-o", "x.png"], "999"),
        (["relu9:1", "-o", "x.png"], "relu9"),
        (["relu3_1:5", "-o", "existing.png"], "existing.png"),
        (["relu3_1:5", "-o", "x.jpg", "--transparent"], "x.jpg"),
        (["relu3_1:5", "-o", "x.xyz"], "x.xyz"),
        (["see(nothing at all)", "-o", "x.png"], "nothing at all"),
    ],
)
def test_errors_name_the_wrong_value_and_write_nothing(tmp_path, capsys, arguments, named):
    (tmp_path / "existing.png").write_bytes(b"")
    assert main(["portrait", *arguments, *SMALL]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and named in line
    assert [path.name for path in tmp_path.iterdir()] == ["existing.png"]


def test_a_portrait_that_cannot_be_written_is_kept(tmp_path, tmp_path_factory, monkeypatch, capsys):
    from puppyslug.visualization import portrait

    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    original = portrait.portrait_steps

    def steps(*arguments, **options):
        yield from original(*arguments, **options)
        (tmp_path / "p.png").mkdir()

    monkeypatch.setattr(portrait, "portrait_steps", steps)
    line = run_failing(capsys, "portrait", "relu1_1:5", "-o", "p.png", *SMALL)
    (kept,) = temporary.rglob("p.png")
    assert str(kept) in line
    assert image_size(kept) == (48, 48)
