"""Things by name, guides and masks on the command line; and what it says of bad input."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from puppyslug.cli import main
from puppyslug.images import read_recipe_text
from puppyslug.recipe.recipe import Recipe
from support.commands import fails, files

SEE = ["--see", "goldfish", "--octaves", "1", "--iterations", "2"]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, with a small photo, a mask and a guide in it."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(skimage.data.chelsea()[:96, :128]).save("cat.png")
    half = np.zeros((96, 128), np.uint8)
    half[:, 64:] = 255
    Image.fromarray(half).save("half.png")
    Image.fromarray(skimage.data.coffee()[::4, ::4]).save("coffee.jpg")
    return tmp_path


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_thing_by_name_and_its_redo_are_the_same_bytes(folder, capsys):
    assert main(["dream", "cat.png", *SEE, "--mask", "half.png", "--keep-colours"]) == 0
    recipe = Recipe.from_json(read_recipe_text("cat.dream.png"))
    assert (recipe.objective, recipe.preset) == ("see(goldfish)", "natural")
    assert recipe.mask.name == "half.png"
    assert main(["redo", "cat.dream.png", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("cat.dream.png").read_bytes()
    before, after = pixels("cat.png"), pixels("again.png")
    assert (before[:, :63] == after[:, :63]).all()
    assert (before[:, 65:] != after[:, 65:]).any()
    Path("half.png").rename("moved.png")
    line = fails(capsys_after(capsys), "redo", "cat.dream.png")
    assert "the mask half.png is not beside" in line
    assert "--mask" in line
    assert main(["redo", "cat.dream.png", "--mask", "moved.png", "-o", "third.png"]) == 0
    assert Path("third.png").read_bytes() == Path("again.png").read_bytes()


def capsys_after(capsys):
    capsys.readouterr()
    return capsys


def test_a_guide_and_a_recipe_with_it_for_another_photo(folder, capsys):
    options = ["--layer", "relu2_1", "--octaves", "1", "--iterations", "1"]
    assert main(["dream", "cat.png", "--guide", "coffee.jpg", *options]) == 0
    recipe = Recipe.from_json(read_recipe_text("cat.dream.png"))
    assert recipe.objective == 'guide("coffee.jpg", relu2_1)'
    assert main(["dream", "half.png", "--recipe", "cat.dream.png"]) == 0
    assert Recipe.from_json(read_recipe_text("half.dream.png")).objective == recipe.objective
    assert main(["redo", "cat.dream.png", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("cat.dream.png").read_bytes()
    whole = ["--objective", 'guide("coffee.jpg", relu2_1)', *options[2:], "-o", "text.png"]
    assert main(["dream", "cat.png", *whole]) == 0
    assert (pixels("text.png") == pixels("again.png")).all()
    assert "error" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--see", "goldn retreiver"], "golden retriever"),
        (["--see", ""], "is empty"),
        (["--see", "2*"], "is empty"),
        (["--see", "two*dog"], "two"),
        (["--see", "crane"], "crane bird or construction crane"),
        (["--see", "dog", "--network", "vgg19"], "vgg19+efficientnet_lite0"),
        (["--see", "dog", "--objective", "relu1_1"], "leave out --see"),
        (["--mask", "nothing.png"], "nothing.png does not exist"),
        (["--mask", "see(goldn fish)"], "goldfish"),
        (["--mask", "black.png"], "black all over"),
        (["--mask", "see(dog"], r"write see(NAME)"),
        (["--guide", "nothing.png"], "nothing.png does not exist"),
        (["--guide", "tiny.png"], "too small for relu4_4"),
        (["--guide", "coffee.jpg", "--channel", "3"], "leave out --channel"),
        (["--objective", 'guide("gone.png", relu2_1)'], "gone.png does not exist"),
        (["--layer", "relu1_1", "--layer", "relu1_2", "--channel", "3"], "one layer"),
        (["--network", "vgg19+vgg19"], "twice"),
        (["--network", "vgg19+efficientnet", "--layer", "relu1_1"], "did you mean"),
        (["--palette", "sepia"], "natural"),
        (["--smooth", "much"], "laplacian"),
        (["--smooth", "-1"], "laplacian"),
        (["--strength", "1.5"], "strength"),
        (["--count", "0"], "count"),
    ],
)
def test_bad_input_is_said_in_one_line(folder, capsys, arguments, said):
    Image.new("L", (20, 20)).save("black.png")
    Image.new("RGB", (3, 3)).save("tiny.png")
    before = files(folder)
    assert said in fails(capsys, "dream", "cat.png", *arguments)
    assert files(folder) == before


def test_a_dream_never_goes_over_its_mask_or_guide(folder, capsys):
    line = fails(capsys, "dream", "cat.png", "--mask", "half.png", "-o", "half.png", "--force")
    assert "name another file" in line
    line = fails(capsys, "dream", "cat.png", "--guide", "coffee.jpg", "-o", "coffee.jpg", "--force")
    assert "name another file" in line


def test_classify_in_a_pipe_is_a_table(folder, capsys):
    Image.fromarray(skimage.data.chelsea()).save("whole.png")
    assert main(["classify", "whole.png", "cat.png", "--top", "2"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["picture", "number", "class", "probability"]
    assert len(rows) == 4
    assert "Egyptian cat" in rows[0]
    assert rows[0].startswith("whole.png")


def test_classify_shows_where(folder, capsys):
    looked = ["classify", "cat.png", "--top", "1", "--map", "map.png"]
    assert main([*looked, "--see", "steel drum"]) == 0
    *_, asked, saved = capsys.readouterr().out.splitlines()
    assert "steel drum" in asked
    assert saved == "map.png"
    assert pixels("map.png").shape == (96, 128, 3)
    line = fails(capsys, "classify", "cat.png", "--map", "cat.png", "--force")
    assert "name another file" in line
    assert "vgg19 knows no classes" in fails(capsys, "classify", "cat.png", "--network", "vgg19")
    assert "gone.png does not exist" in fails(capsys, "classify", "gone.png")


def test_redo_never_goes_over_what_it_reads_and_takes_only_what_it_needs(folder, capsys):
    options = ["--layer", "relu2_1", "--octaves", "1", "--iterations", "1", "--quiet"]
    made = ["dream", "cat.png", "--mask", "half.png", "--guide", "coffee.jpg", *options]
    assert main(made) == 0
    capsys.readouterr()
    for name in ("half.png", "coffee.jpg"):
        before = Path(name).read_bytes()
        assert "name another file" in fails(capsys, "redo", "cat.dream.png", "-o", name, "--force")
        assert Path(name).read_bytes() == before
    Path("coffee.jpg").rename("moved.jpg")
    assert main(["redo", "cat.dream.png", "--guide", "moved.jpg", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("cat.dream.png").read_bytes()
    assert main(["dream", "cat.png", *options, "-o", "plain.png"]) == 0
    capsys.readouterr()
    assert "leave out --mask" in fails(capsys, "redo", "plain.png", "--mask", "half.png")
    assert "leave out --guide" in fails(capsys, "redo", "plain.png", "--guide", "moved.jpg")


def test_a_recipe_leads_to_pictures_only(folder, capsys):
    Path("secret.txt").write_text("secret")
    photo = '{"name": "secret.txt", "sha256": "%s"}' % ("0" * 64)
    Path("bad.json").write_text(f'{{"photo": {photo}}}')
    assert "secret.txt is not beside" in fails(capsys, "dream", "--recipe", "bad.json")


def test_what_there_is_to_know_is_said(folder, capsys):
    quick = ["--octaves", "1", "--iterations", "1"]
    assert main(["dream", "coffee.jpg", "--see", "cat", *quick]) == 0
    assert "of cat, " in capsys.readouterr().err
    assert main(["dream", "cat.png", "--mask", "see(zebra)", "--layer", "relu1_1", *quick]) == 0
    assert "hardly any zebra is seen" in capsys.readouterr().err
    assert main(["dream", "cat.png", "--see", "goldfish", "--count", "9", quick[2], "1"]) == 0
    assert "room for about 1 thing " in capsys.readouterr().err
    assert "see(cat)" in fails(capsys, "dream", "cat.png", "--mask", "cat")
