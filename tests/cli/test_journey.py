"""``puppyslug journey``: down through the layers of a network."""

import av
import pytest

from puppyslug.cli import main
from puppyslug.recipe import Recipe
from support.commands import list_files, run_failing
from support.films import decode_with_opencv

SMALL = ["--size", "64x48", "--octaves", "1", "--iterations", "1", "--quiet"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_journey_goes_through_its_layers(folder):
    layers = ["--layers", "relu2_1,relu1_2,relu1_1", "--frames-per-layer", "3", "--crossfade", "2"]
    assert main(["journey", *layers, *SMALL, "-o", "j.webm"]) == 0
    assert len(decode_with_opencv(folder / "j.webm")) == 9
    with av.open("j.webm") as container:
        recipe = Recipe.from_json(container.metadata["COMMENT"])
    assert recipe.photo == "noise"
    objectives = {one.value for one in recipe.schedule if one.field == "objective"}
    assert {"relu1_2", "relu1_1"} <= objectives


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--layers", "nothing"], ["nothing"]),
        (["--layers", ""], ["empty"]),
        (["--layer", "relu1_1"], ["--layer", "--layers"]),
        (["--see", "dog"], ["--see", "--layers"]),
        (["--fps", "0"], ["--fps", "0"]),
    ],
)
def test_errors_name_the_wrong_value_and_write_nothing(folder, capsys, arguments, parts):
    line = run_failing(capsys, "journey", "-o", "a.mp4", *arguments)
    for part in parts:
        assert part in line
    assert list_files(folder) == set()
