"""``puppyslug dream``: real files and networks, in this process where possible."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from puppyslug.cli import main
from puppyslug.recipe import Recipe
from support.commands import image_size, list_files, read_recipe, run_failing
from support.films import decode_with_opencv

FAST = ["--layer", "relu1_2", "--octaves", "2", "--iterations", "2", "--jitter", "3"]
ONE_STEP = ["--octaves", "1", "--iterations", "1"]
COMMAND = [sys.executable, "-m", "puppyslug", "dream"]


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_dream_is_saved_beside_its_photo_under_an_unused_name(folder, capsys):
    before = Path("cat.png").read_bytes()
    assert main(["dream", "cat.png", *FAST]) == 0
    assert capsys.readouterr().out == "cat.dream.png\n"
    assert main(["dream", "cat.png", *FAST, "--seed", "1"]) == 0
    assert list_files(folder) == {"cat.png", "cat.dream.png", "cat.dream-2.png"}
    assert Path("cat.dream.png").read_bytes() != Path("cat.dream-2.png").read_bytes()
    assert Path("cat.png").read_bytes() == before
    recipe = read_recipe("cat.dream.png")
    assert recipe.size == "120x80"
    assert recipe.precision != "auto"
    assert recipe.weights.sha256.startswith("c34748d2")


@pytest.mark.parametrize("start", ["noise", "clouds"])
def test_noise_and_clouds_need_no_photo(folder, capsys, start):
    assert main(["dream", start, *FAST, "--size", "64x48"]) == 0
    assert capsys.readouterr().out == f"{start}.dream.png\n"
    assert image_size(f"{start}.dream.png") == (64, 48)


def test_without_arguments_clouds_are_dreamt_and_the_next_command_is_suggested(folder, capsys):
    assert main(["dream", *FAST, "--size", "64x48"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "clouds.dream.png\n"
    assert "puppyslug dream PHOTO.jpg" in captured.err


def test_the_printed_recipe_repeats_the_dream(folder, capsys):
    assert main(["dream", "cat.png", *FAST, "--print-recipe"]) == 0
    Path("r.json").write_text(capsys.readouterr().out)
    assert list_files(folder) == {"cat.png", "r.json"}
    assert main(["dream", "cat.png", *FAST, "-o", "a.png"]) == 0
    assert main(["dream", "cat.png", "--recipe", "r.json", "-o", "b.png"]) == 0
    assert main(["dream", "--recipe", "a.png", "-o", "c.png"]) == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes() == Path("c.png").read_bytes()


def test_the_recipe_is_printed_and_the_dream_saved_if_an_output_is_given(folder, capsys):
    assert main(["dream", "cat.png", *FAST, "--print-recipe", "-o", "a.png"]) == 0
    printed = capsys.readouterr().out.removesuffix("a.png\n")
    assert Recipe.from_json(printed) == read_recipe("a.png")


def test_options_take_precedence_over_a_recipe_file(folder):
    Path("r.json").write_text('{"objective": "relu1_2", "seed": 3, "size": "32", "octaves": 1}')
    assert main(["dream", "cat.png", "--recipe", "r.json", *ONE_STEP, "--seed", "7"]) == 0
    assert read_recipe("cat.dream.png").seed == 7


def test_the_recipe_can_be_left_out(folder, capsys):
    assert main(["dream", "cat.png", *FAST, "--no-recipe", "-o", "a.png"]) == 0
    assert "--no-recipe" in run_failing(capsys, "redo", "a.png")


def test_several_photos_go_to_a_folder_and_one_bad_photo_does_not_stop_the_others(folder, capsys):
    Path("out").mkdir()
    Path("bad.jpg").write_text("not an image")
    assert main(["dream", "cat.png", "bad.jpg", "cat.png", *FAST, "-o", "out"]) == 1
    captured = capsys.readouterr()
    (line,) = (line for line in captured.err.splitlines() if line.startswith("error: "))
    assert "bad.jpg" in line
    assert captured.out == "out/cat.dream.png\nout/cat.dream-2.png\n"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["-o", "one.png"], ["one.png", "folder"]),
        (["-o", ".", "--timelapse", "t.mp4"], ["--timelapse"]),
    ],
)
def test_several_photos_cannot_share_a_file(folder, capsys, arguments, parts):
    line = run_failing(capsys, "dream", "cat.png", "cat.png", *arguments)
    for part in parts:
        assert part in line


def test_notices_report_a_reduced_size_and_omitted_octaves_unless_quiet(folder, capsys):
    Image.effect_noise((2048, 1024), 40).save("big.png")
    assert main(["dream", "big.png", "--print-recipe"]) == 0
    notices = capsys.readouterr().err
    assert "2048×1024" in notices
    assert "1024×512" in notices
    assert "--size full" in notices
    octaves = ["dream", "cat.png", "--octaves", "30", "--print-recipe"]
    assert main(octaves) == 0
    assert "octave" in capsys.readouterr().err
    assert main([*octaves, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_notices_report_the_class_chosen_of_a_group(folder_with_mask, capsys):
    assert main(["dream", "coffee.jpg", "--see", "cat", *ONE_STEP]) == 0
    assert "cat" in capsys.readouterr().err


def test_notices_report_a_mask_without_its_class(folder, capsys):
    assert main(["dream", "cat.png", "--mask", "see(zebra)", "--layer", "relu1_1", *ONE_STEP]) == 0
    assert "zebra" in capsys.readouterr().err


def test_notices_report_a_count_that_does_not_fit(folder, capsys):
    count = ["--count", "9", "--iterations", "1", "--preset", "natural"]
    assert main(["dream", "cat.png", "--see", "goldfish", *count]) == 0
    notices = capsys.readouterr().err
    assert "9" in notices
    assert "--size" in notices


def test_a_dream_without_effect_is_reported(folder, capsys):
    Image.new("RGB", (64, 64)).save("black.png")
    inactive = ["--objective", "relu5_4:3@0,0", *ONE_STEP]
    assert main(["dream", "black.png", *inactive]) == 0
    assert "conv4_4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["nothing.jpg"], ["nothing.jpg"]),
        (["empty"], ["empty", "no photos"]),
        (["cat.png", "--network", "vgg91"], ["vgg91", "vgg19"]),
        (["cat.png", "--layer", "relu4_5"], ["relu4_5", "relu4_4"]),
        (["cat.png", "--layer", "relu4_4", "--channel", "512"], ["512", "511"]),
        (["cat.png", "--objective", "relu4_4:37@99,0"], ["99", "10", "15"]),
        (["cat.png", "--octaves", "0"], ["octaves", "0"]),
        (["cat.png", "--iterations", "-1"], ["iterations", "-1"]),
        (["cat.png", "--octave-scale", "1"], ["octave_scale", "1"]),
        (["cat.png", "--step-size", "nan"], ["step_size", "nan"]),
        (["cat.png", "--octave-scale", "inf"], ["octave_scale", "inf"]),
        (["cat.png", "--strength", "1.5"], ["strength", "1.5"]),
        (["cat.png", "--count", "0"], ["count", "0"]),
        (["cat.png", "--palette", "sepia"], ["palette", "sepia", "natural"]),
        (["cat.png", "--smooth", "much"], ["smooth", "much", "laplacian"]),
        (["cat.png", "--smooth", "-1"], ["smooth", "-1", "laplacian"]),
        (["cat.png", "--memory", "10MB"], ["--memory"]),
        (["cat.png", "--memory", "lots"], ["lots", "2GB"]),
        (["cat.png", "-o", "no/such/folder.png"], ["no/such"]),
        (["cat.png", "-o", "cat.png"], ["cat.png"]),
        (["cat.png", "-o", "cat.png", "--force"], ["cat.png"]),
        (["cat.png", "-o", "a.xyz"], [".xyz", ".png"]),
        (["cat.png", "--weights", "cat.png"], ["cat.png"]),
        (["cat.png", "--weights", "nothing.pth"], ["nothing.pth"]),
        (["cat.png", "--recipe", "nothing.json"], ["nothing.json"]),
        (["cat.png", "--recipe", "newer.json"], ["7.0"]),
        (["cat.png", "--recipe", "cat.png"], ["cat.png"]),
        (["dot.png"], ["1×1", "relu4_4", "vgg19", "8×8"]),
        (["thin.png"], ["8×8"]),
        (["cat.png", "--size", "3"], ["8×8"]),
        (["clouds", "--size", "full"], ["full"]),
        (["clouds", "--size", "17000x16", *FAST, "-o", "a.webp"], ["17000", "16383", ".png"]),
        (["cat.png", "--layer", "relu1_1", "--layer", "relu1_2", "--channel", "3"], ["--channel"]),
        (["cat.png", "--network", "vgg19+vgg19"], ["vgg19"]),
        (["cat.png", "--network", "vgg19+efficientnet", "--layer", "relu1_1"], ["efficientnet"]),
        (["clouds", "--timelapse", "a.gift"], [".gift", ".mp4"]),
        (["dot.gif", "--timelapse", "dot.gif", "--force"], ["dot.gif"]),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_on_one_line_and_nothing_is_written(
    folder, capsys, arguments, parts
):
    Path("empty").mkdir()
    Image.new("RGB", (1, 1)).save("dot.png")
    Image.new("RGB", (1, 1)).save("dot.gif")
    Image.new("RGB", (3, 3000)).save("thin.png")
    Path("newer.json").write_text('{"recipe_version": 99, "version": "7.0"}')
    before = list_files(folder)
    line = run_failing(capsys, "dream", *arguments)
    for part in parts:
        assert part in line
    assert list_files(folder) == before


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--see", "goldn retreiver"], ["goldn retreiver", "golden retriever"]),
        (["--see", ""], ["empty"]),
        (["--see", "2*"], ["empty"]),
        (["--see", "two*dog"], ["two"]),
        (["--see", "crane"], ["crane bird", "construction crane"]),
        (["--see", "dog", "--network", "googlenet+googlenet-places205"], ["different classes"]),
        (["--see", "dog", "--objective", "relu1_1"], ["see", "objective"]),
        (["--mask", "nothing.png"], ["nothing.png"]),
        (["--mask", "cat"], ["cat", "see(cat)"]),
        (["--mask", "see(goldn fish)"], ["goldn fish", "goldfish"]),
        (["--mask", "black.png"], ["black.png"]),
        (["--mask", "see(dog"], ["see(dog", "see(NAME)"]),
        (["--mask", "half.png", "-o", "half.png", "--force"], ["half.png"]),
        (["--guide", "nothing.png"], ["nothing.png"]),
        (["--guide", "tiny.png"], ["relu3_1"]),
        (["--guide", "coffee.jpg", "--channel", "3"], ["channel"]),
        (["--guide", "coffee.jpg", "-o", "coffee.jpg", "--force"], ["coffee.jpg"]),
        (["--objective", 'guide("gone.png", relu2_1)'], ["gone.png"]),
    ],
)
def test_wrong_classes_masks_and_guides_are_refused(folder_with_mask, capsys, arguments, parts):
    Image.new("L", (20, 20)).save("black.png")
    Image.new("RGB", (3, 3)).save("tiny.png")
    before = {name: Path(name).read_bytes() for name in list_files(folder_with_mask)}
    line = run_failing(capsys, "dream", "cat.png", *arguments)
    for part in parts:
        assert part in line
    assert {name: Path(name).read_bytes() for name in list_files(folder_with_mask)} == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_missing_device_is_refused(folder, capsys):
    assert "CUDA" in run_failing(capsys, "dream", "cat.png", "--device", "cuda")


def test_a_recipe_with_its_guide_applies_to_another_photo(folder_with_mask, capsys):
    options = ["--layer", "relu2_1", *ONE_STEP]
    assert main(["dream", "cat.png", "--guide", "coffee.jpg", *options]) == 0
    recipe = read_recipe("cat.dream.png")
    assert recipe.objective == 'patches("coffee.jpg", relu2_1)'
    assert main(["dream", "half.png", "--recipe", "cat.dream.png"]) == 0
    assert read_recipe("half.dream.png").objective == recipe.objective
    text = ["--objective", 'patches("coffee.jpg", relu2_1)', *ONE_STEP, "-o", "text.png"]
    assert main(["dream", "cat.png", *text]) == 0
    assert (pixels("text.png") == pixels("cat.dream.png")).all()


def test_a_recipe_for_another_photo_keeps_the_settings_but_not_the_shape(folder, capsys):
    Image.effect_noise((200, 60), 50).save("wide.png")
    assert main(["dream", "cat.png", *FAST, "-o", "a.png"]) == 0
    assert main(["dream", "wide.png", "--recipe", "a.png", "-o", "b.png"]) == 0
    first, second = read_recipe("a.png"), read_recipe("b.png")
    assert (second.size, second.objective, second.iterations) == ("120x36", "relu1_2", 2)
    assert first.photo != second.photo
    capsys.readouterr()
    assert (
        main(["dream", "wide.png", "--recipe", "a.png", "--preset", "eyes", "--print-recipe"]) == 0
    )
    printed = Recipe.from_json(capsys.readouterr().out)
    assert (printed.objective, printed.preset, printed.iterations) == ("relu4_1", "eyes", 2)


def test_a_mask_protects_its_black_pixels(folder_with_mask):
    see = ["--see", "goldfish", "--octaves", "1", "--iterations", "2"]
    assert main(["dream", "cat.png", *see, "--mask", "half.png", "--keep-colours"]) == 0
    recipe = read_recipe("cat.dream.png")
    assert (recipe.objective, recipe.preset) == ("see(goldfish)", "natural")
    assert recipe.mask.name == "half.png"
    before, after = pixels("cat.png"), pixels("cat.dream.png")
    assert (before[:, :59] == after[:, :59]).all()
    assert (before[:, 61:] != after[:, 61:]).any()


def test_a_large_image_is_divided_into_tiles_with_the_same_result(folder, capsys):
    tall = ["clouds", "--size", "200x500", "--layer", "relu1_2", *ONE_STEP]
    tall += ["--precision", "float32"]
    assert main(["dream", *tall, "--memory", "2GB", "-o", "whole.png"]) == 0
    assert main(["dream", *tall, "--memory", "150MB", "-o", "tiles.png"]) == 0
    assert "1×3" in capsys.readouterr().err
    assert read_recipe("tiles.png").tile != "whole"
    with Image.open("whole.png") as whole, Image.open("tiles.png") as tiled:
        extremes = ImageChops.difference(whole, tiled).getextrema()
    assert max(highest for _, highest in extremes) <= 1


def test_a_timelapse_shows_every_step(folder, capsys):
    arguments = ["dream", "clouds", "--size", "64x48", "--layer", "relu1_1", "--octaves", "2"]
    assert main([*arguments, "--iterations", "3", "--quiet", "--timelapse", "t.mp4"]) == 0
    assert capsys.readouterr().out.splitlines() == ["clouds.dream.png", "t.mp4"]
    frames = decode_with_opencv(folder / "t.mp4")
    assert len(frames) == 1 + 6 + 12
    assert np.abs(frames[-1] - pixels("clouds.dream.png").astype(float)).mean() < 5


@pytest.mark.parametrize("name", ["back\\slash.png", "ünï cödé.png", "a" * 250 + ".png"])
def test_unusual_file_names_work(folder, capsys, name):
    Path("cat.png").rename(name)
    assert main(["dream", name, *FAST, "--quiet"]) == 0
    dream = capsys.readouterr().out.rstrip("\n")
    assert main(["redo", dream, "--quiet"]) == 0
    again = capsys.readouterr().out.rstrip("\n")
    assert Path(dream).read_bytes() == Path(again).read_bytes()


def test_a_full_disk_is_reported_and_leaves_no_partial_file(folder):
    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))

    result = subprocess.run(
        [*COMMAND, "cat.png", *FAST],
        capture_output=True, text=True, check=False, preexec_fn=limit_file_size,
    )  # fmt: skip
    assert result.returncode == 1
    *_, last = result.stderr.splitlines()
    assert last.startswith("error: ")
    assert "cat.dream.png" in last
    assert "Traceback" not in result.stderr
    assert list_files(folder) == {"cat.png"}


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_closed_output_streams_do_not_matter(folder, closed):
    line = f'"{sys.executable}" -m puppyslug dream cat.png {" ".join(FAST)} {closed}'
    subprocess.run(["sh", "-c", line], check=True, capture_output=True)
    assert list_files(folder) == {"cat.png", "cat.dream.png"}
