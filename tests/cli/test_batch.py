"""Folders of photos, and names of dreams."""

from pathlib import Path

import pytest
from PIL import Image

from puppyslug.cli import main
from puppyslug.cli.batch import default_stems, expand_folders, fill_pattern
from puppyslug.errors import ImageError, OutputError
from puppyslug.recipe import Recipe
from support.commands import list_files, read_recipe, run_failing

FAST = ["--layer", "relu1_2", "--octaves", "1", "--iterations", "1", "--quiet"]


@pytest.fixture
def photos(folder) -> Path:
    """A folder of two photos, a dream and a text."""
    photos = folder / "photos"
    photos.mkdir()
    for number, name in enumerate(("a.png", "b.jpg", "a.dream-2.png")):
        Image.new("RGB", (40, 30), (60, 90 + 30 * number, 120)).save(photos / name)
    (photos / "notes.txt").write_text("not a photo")
    return photos


def test_a_folder_stands_for_its_photos(photos):
    assert expand_folders([str(photos), "noise"]) == [photos / "a.png", photos / "b.jpg", "noise"]
    with pytest.raises(ImageError, match="no photos"):
        (photos / "empty").mkdir()
        expand_folders([str(photos / "empty")])


def test_photos_of_the_same_name_have_different_dreams():
    stems = default_stems([Path("a.png"), Path("a.jpg"), Path("b/a.png"), "noise"])
    assert list(stems.values()) == ["a-png.dream", "a-jpg.dream", "a.dream", "noise.dream"]


def test_a_folder_is_dreamt_into_a_new_folder_and_only_what_is_missing_again(photos, capsys):
    assert main(["dream", "photos", *FAST, "-o", "out/new"]) == 0
    assert {path.name for path in Path("out/new").iterdir()} == {"a.dream.png", "b.dream.png"}
    before = Path("out/new/a.dream.png").stat().st_mtime_ns
    Path("out/new/b.dream.png").unlink()
    capsys.readouterr()
    assert main(["dream", "photos", *FAST[:-1], "-o", "out/new", "--skip-existing"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "out/new/b.dream.png\n"
    assert "1 dream already there" in captured.err
    assert Path("out/new/a.dream.png").stat().st_mtime_ns == before


def test_a_broken_photo_does_not_stop_the_others(photos, capsys):
    (photos / "a.png").write_bytes(b"broken")
    assert main(["dream", "photos", *FAST, "-o", "out"]) == 1
    assert "a.png" in capsys.readouterr().err
    assert list_files(Path("out")) == {"b.dream.png"}


def test_names_show_fields(photos):
    pattern = "out/{name}-{seed}-{layer}.jpg"
    assert main(["dream", "photos", *FAST, "--seed", "7", "-o", pattern]) == 0
    assert list_files(Path("out")) == {"a-7-relu1_2.jpg", "b-7-relu1_2.jpg"}
    assert read_recipe("out/a-7-relu1_2.jpg").seed == 7
    assert main(["dream", "photos", *FAST, "--seed", "7", "-o", pattern, "--skip-existing"]) == 0


def test_what_is_not_a_layer_makes_a_safe_name():
    recipe = Recipe.complete({"objective": "2*relu4_4 - see(golden retriever)", "network": "vgg16"})
    path = fill_pattern(Path("{layer}.png"), "noise", recipe)
    assert path.name == "2_relu4_4_-_see_golden_retriever.png"
    with pytest.raises(OutputError, match=r"'sed'.*seed"):
        fill_pattern(Path("{sed}.png"), "noise", recipe)


def test_a_file_for_several_photos_is_refused(photos, capsys):
    assert "{name}" in run_failing(capsys, "dream", "photos", *FAST, "-o", "out.png")
    Path("file").write_text("")
    assert "file" in run_failing(capsys, "dream", "photos", *FAST, "-o", "file")


def test_a_folder_is_dreamt_in_variations(photos, capsys):
    arguments = ["dream", "photos", *FAST, "--vary", "seed=1,2", "-o"]
    assert main([*arguments, "out"]) == 0
    names = {f"{name}-seed-{seed}.dream.png" for name in "ab" for seed in (1, 2)}
    assert list_files(Path("out")) == names
    assert read_recipe("out/b-seed-2.dream.png").seed == 2
    assert main([*arguments, "out", "--skip-existing"]) == 0
    assert list_files(Path("out")) == names
    assert main([*arguments, "named/{seed}-{name}.png"]) == 0
    assert list_files(Path("named")) == {"1-a.png", "1-b.png", "2-a.png", "2-b.png"}
    assert "add {seed}" in run_failing(capsys, *arguments, "named/{name}.png")
    assert "{name}" in run_failing(capsys, *arguments, "out.png")


def test_what_varies_may_be_shorthand_or_a_look(photos):
    few = ["dream", "photos/a.png", "--octaves", "1", "--iterations", "1", "--quiet"]
    assert main([*few, "--vary", "layer=relu1_1,relu1_2", "--vary", "palette=natural"]) == 0
    found = sorted(Path("photos").glob("a-layer-*"))
    assert [read_recipe(path).objective for path in found] == ["relu1_1", "relu1_2"]
    assert {read_recipe(path).palette for path in found} == {"natural"}
