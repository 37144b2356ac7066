"""``puppyslug redo``: the same bytes again, or larger."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from puppyslug.cli import main
from puppyslug.images import read_recipe_text
from puppyslug.networks import find_spec
from support.commands import image_size, list_files, read_recipe, run_failing

FAST = ["--layer", "relu1_2", "--octaves", "2", "--iterations", "2", "--jitter", "3", "--quiet"]
ONE_STEP = ["--layer", "relu2_1", "--octaves", "1", "--iterations", "1", "--quiet"]


def redo(*arguments: str) -> None:
    assert main(["redo", *arguments, "--quiet"]) == 0


def same_bytes(*names: str) -> bool:
    return len({Path(name).read_bytes() for name in names}) == 1


def exif_of(name: str) -> Image.Exif:
    with Image.open(name) as image:
        exif = image.getexif()
        exif.get_ifd(ExifTags.IFD.GPSInfo)  # read while the file is open
        return exif


def pixels_of(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
def test_a_dream_is_repeated_byte_for_byte(folder, suffix):
    assert main(["dream", "cat.png", *FAST, "-o", f"a.{suffix}"]) == 0
    redo(f"a.{suffix}")
    assert same_bytes(f"a.{suffix}", f"a-2.{suffix}")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_dream_in_tiles_of_either_precision_is_repeated(folder, precision):
    Path("r.json").write_text('{"tile": "64x48", "size": "96x120", "photo": "clouds"}')
    options = ["--recipe", "r.json", "--precision", precision, "-o", "a.png"]
    assert main(["dream", *FAST, *options]) == 0
    recipe = read_recipe("a.png")
    assert (recipe.precision, recipe.tile) == (precision, "64x48")
    redo("a.png", "-o", "b.png")
    assert same_bytes("a.png", "b.png")


def test_the_photo_is_found_in_its_original_folder(folder):
    for name in ("photos", "dreams"):
        Path(name).mkdir()
    Path("cat.png").rename("photos/cat.png")
    assert main(["dream", "photos/cat.png", *FAST, "-o", "dreams"]) == 0
    redo("dreams/cat.dream.png")
    assert same_bytes(*(str(path) for path in Path("dreams").iterdir()))
    assert len(list_files(folder)) == 3
    assert str(folder) not in read_recipe_text(Path("dreams/cat.dream.png"))


def test_a_larger_dream_keeps_the_composition(folder):
    assert main(["dream", "clouds", *FAST, "--size", "96x54", "-o", "a.png"]) == 0
    redo("a.png", "--size", "192", "-o", "b.png")
    recipe = read_recipe("b.png")
    assert (recipe.size, recipe.composed) == ("192x108", "96x54")
    assert image_size("b.png") == (192, 108)
    redo("b.png", "-o", "c.png")
    assert same_bytes("b.png", "c.png")


@pytest.mark.parametrize("size", ["128", "32"])
def test_an_objective_at_a_position_works_at_every_size(folder, capsys, size):
    position = ["--octaves", "1", "--iterations", "2", "--objective", "conv2_1:5@3,20"]
    assert main(["dream", "clouds", "--size", "64x36", *position, "-o", "a.png"]) == 0
    capsys.readouterr()
    assert main(["redo", "a.png", "--size", size, "-o", "b.png"]) == 0
    assert "conv4_4" not in capsys.readouterr().err  # the notice that nothing changed


def test_a_missing_or_changed_photo_is_named_with_an_option(folder, capsys):
    assert main(["dream", "cat.png", *FAST, "-o", "a.png"]) == 0
    Path("cat.png").rename("moved.png")
    assert "--photo" in run_failing(capsys, "redo", "a.png")
    redo("a.png", "--photo", "moved.png")
    assert same_bytes("a.png", "a-2.png")
    Image.new("RGB", (120, 80)).save("cat.png")
    assert "--photo" in run_failing(capsys, "redo", "a.png")
    assert "cat.png" in run_failing(capsys, "redo", "a.png", "--photo", "cat.png")


def test_a_missing_mask_or_guide_is_named_with_an_option(folder_with_mask, capsys):
    files = ["--mask", "half.png", "--guide", "coffee.jpg"]
    assert main(["dream", "cat.png", *files, *ONE_STEP, "-o", "a.png"]) == 0
    for name, option in (("half.png", "--mask"), ("coffee.jpg", "--guide")):
        Path(name).rename(f"moved-{name}")
        line = run_failing(capsys, "redo", "a.png", "-o", "b.png")
        assert name in line
        assert option in line
        redo("a.png", option, f"moved-{name}", "-o", f"{name}.png")
        assert same_bytes("a.png", f"{name}.png")
        Path(f"moved-{name}").rename(name)


def test_a_mask_and_a_guide_can_be_added_or_replaced(folder_with_mask):
    assert main(["dream", "cat.png", *ONE_STEP, "-o", "a.png"]) == 0
    redo("a.png", "--mask", "half.png", "-o", "b.png")
    assert read_recipe("b.png").mask.name == "half.png"
    half, whole, photo = (pixels_of(name) for name in ("b.png", "a.png", "cat.png"))
    changed = (half != photo).any(-1).mean()
    assert 0.3 < changed / (whole != photo).any(-1).mean() < 0.7
    redo("b.png", "--mask", "dark", "-o", "c.png")
    assert read_recipe("c.png").mask == "dark"
    redo("a.png", "--guide", "coffee.jpg", "--layer", "relu2_1", "-o", "d.png")
    assert read_recipe("d.png").objective == 'patches("coffee.jpg", relu2_1)'
    assert [guide.name for guide in read_recipe("d.png").guides] == ["coffee.jpg"]


def test_whatever_a_recipe_sets_can_be_unset(folder_with_mask):
    plain = ["dream", "cat.png", *ONE_STEP, "--size", "64"]
    extras = ["--mask", "half.png", "--keep-colours", "--strength", "0.5"]
    assert main([*plain, "-o", "a.png"]) == 0
    assert main([*plain, *extras, "-o", "b.png"]) == 0
    redo("b.png", "--mask", "", "--no-keep-colours", "--unset", "strength", "-o", "c.png")
    assert not same_bytes("a.png", "b.png")
    assert same_bytes("a.png", "c.png")
    redo("b.png", "--unset", "mask", "--unset", "keep-colours", "--strength", "1", "-o", "d.png")
    assert same_bytes("a.png", "d.png")


def test_a_changed_option_gives_what_dream_gives_with_it(folder):
    assert main(["dream", "cat.png", *FAST, "-o", "a.png"]) == 0
    changes = ["--layer", "relu2_1", "--octaves", "1", "--seed", "5", "--step-size", "3"]
    redo("a.png", *changes, "-o", "b.png")
    assert main(["dream", "cat.png", *FAST[2:], *changes, "-o", "c.png"]) == 0
    assert same_bytes("b.png", "c.png")


def test_an_unknown_field_cannot_be_unset(folder, capsys):
    assert main(["dream", "clouds", *FAST, "--size", "64x36", "-o", "a.png"]) == 0
    assert "strength" in run_failing(capsys, "redo", "a.png", "--unset", "strenght")
    assert "--unset" in run_failing(capsys, "redo", "a.png", "--unset", "photo")


def test_metadata_is_kept_stripped_and_kept_again(folder):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    with Image.open("cat.png") as photo:
        photo.convert("RGB").save("cat.jpg", exif=exif)
    assert main(["dream", "cat.jpg", *FAST, "-o", "a.jpg"]) == 0
    kept = exif_of("a.jpg")
    assert kept[ExifTags.Base.Artist] == "Ada"
    assert not kept.get_ifd(ExifTags.IFD.GPSInfo)
    redo("a.jpg", "--strip", "-o", "b.jpg")
    assert ExifTags.Base.Artist not in exif_of("b.jpg")
    redo("b.jpg", "--metadata", "keep-position", "-o", "c.jpg")
    assert exif_of("c.jpg").get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
    redo("b.jpg", "--unset", "metadata", "-o", "d.jpg")
    assert same_bytes("a.jpg", "d.jpg")


def test_input_files_are_never_replaced(folder_with_mask, capsys):
    files = ["--mask", "half.png", "--guide", "coffee.jpg"]
    assert main(["dream", "cat.png", *files, *ONE_STEP, "-o", "a.png"]) == 0
    inputs = ("a.png", "cat.png", "half.png", "coffee.jpg")
    before = {name: Path(name).read_bytes() for name in inputs}
    for name in inputs:
        assert name in run_failing(capsys, "redo", "a.png", "-o", name, "--force")
    again = ["dream", "cat.png", "--recipe", "a.png", "-o", "a.png", "--force"]
    assert "a.png" in run_failing(capsys, *again)
    assert before == {name: Path(name).read_bytes() for name in inputs}


def test_another_network_replaces_the_objective(folder):
    assert main(["dream", "clouds", *FAST, "--size", "64x36", "-o", "a.png"]) == 0
    redo("a.png", "--network", "efficientnet_lite0", "-o", "b.png")
    recipe = read_recipe("b.png")
    assert recipe.network == "efficientnet_lite0"
    assert recipe.objective == find_spec("efficientnet_lite0").default_layer


def test_invalid_sizes_are_refused(folder, capsys):
    assert main(["dream", "clouds", *FAST, "--size", "64x36", "-o", "a.png"]) == 0
    for size in ("0", "²", "9" * 5000, "-4", "full?"):
        assert "size" in run_failing(capsys, "redo", "a.png", f"--size={size}")


def test_the_end_of_a_damaged_file_is_an_error_and_not_an_interruption(folder, capsys, monkeypatch):
    """Typer takes every EOFError for Ctrl-C; decoders raise it where a file ends too early."""

    def reach_the_end(*_, **__):
        raise EOFError("no more images")

    monkeypatch.setattr("puppyslug.images.metadata.extract_recipe_text", reach_the_end)
    monkeypatch.setattr("puppyslug.images.metadata.read_recipe_text", reach_the_end)
    assert main(["redo", "cat.png"]) == 1
    assert "no more images" in capsys.readouterr().err
