"""``puppyslug atlas``: build, show, search and like."""

import re
from pathlib import Path

import pytest

from puppyslug.cli import main

BUILD = ["atlas", "build", "vgg19", "relu1_1", "--size", "16", "--steps", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder with an atlas of relu1_1, and no included atlases."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        assert main([*BUILD, "--classifier", "efficientnet_lite0", "--quiet"]) == 0
    return folder


@pytest.fixture(autouse=True)
def environment(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setattr(
        "puppyslug.visualization.atlas.locations.bundled_atlas_folder", lambda: tmp_path / "built"
    )


def test_without_a_command_the_help_is_shown(capsys):
    assert main(["atlas"]) == 0
    assert "build" in capsys.readouterr().out


def test_a_build_estimates_its_time_and_prints_its_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main([*BUILD, "--classifier", "efficientnet_lite0"]) == 0
    shown = capsys.readouterr()
    assert re.search(r"\b64\b.*16×16.*\d+ (s|min)", shown.err)
    (folder,) = (tmp_path / "puppyslug" / "atlases").iterdir()
    assert shown.out.split() == [str(folder / "sheet.png"), str(folder / "index.html")]


def test_an_atlas_is_not_built_twice(capsys):
    assert main(BUILD) == 0
    shown = capsys.readouterr()
    assert "--force" in shown.err
    assert (Path(shown.out.strip()) / "atlas.json").is_file()


def test_atlases_are_listed(capsys):
    assert main(["atlas", "show"]) == 0
    assert re.search(r"vgg19 +relu1_1 +64 +16 ", capsys.readouterr().out)


def test_chosen_channels_are_shown_with_a_sheet(capsys):
    assert main(["atlas", "show", "vgg19", "relu1_1", "3", "60", "-o", "s.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["number", "3", "60", "s.png"]
    assert Path("s.png").is_file()


def test_the_page_can_be_saved(capsys):
    assert main(["atlas", "show", "vgg19", "relu1_1", "-o", "s.html"]) == 0
    assert capsys.readouterr().out == "s.html\n"
    assert Path("s.html").is_file()


def test_similar_channels_are_listed_after_the_channel_itself(capsys):
    assert main(["atlas", "like", "relu1_1:7", "-o", "l.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["1.00", "7"]
    assert len(lines) == 1 + 9 + 1


def test_a_search_is_limited_to_the_best(capsys):
    assert main(["atlas", "search", "animal", "--layer", "relu1_1", "--top", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_an_atlas_that_is_not_built_names_the_command_and_its_time(capsys):
    assert main(["atlas", "show", "vgg19", "relu1_2"]) == 1
    error = capsys.readouterr().err
    assert re.search(r"'puppyslug atlas build vgg19 relu1_2'.* \d+ (s|min|h)", error)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["show", "vgg19", "relu1_1", "64"], "0 to 63"),
        (["show", "vgg19", "relu9"], "relu9"),
        (["show", "nothing"], "nothing"),
        (["show", "vgg19", "relu1_1", "-o", "existing.png"], "existing.png"),
        (["show", "vgg19", "relu1_1", "-o", "existing.html"], "existing.html"),
        (["like", "dog"], "dog"),
        (["like", "relu1_1:99"], "99"),
        (["search", "xyzzy"], "xyzzy"),
        (["search", "dog", "--layer", "relu3_3"], "relu3_3"),
        (["build", "vgg19", "relu9"], "relu9"),
        (["build", "efficientnet_lite0", "labels", "--size", "16"], "16"),
    ],
)
def test_errors_name_the_wrong_value(tmp_path, capsys, arguments, named):
    for name in ("existing.png", "existing.html"):
        (tmp_path / name).write_bytes(b"")
    assert main(["atlas", *arguments]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: ") and named in line
