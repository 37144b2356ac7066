"""The command line, run as a user runs it: real files, real networks, a real terminal."""

import contextlib
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import skimage.data
from PIL import Image, ImageChops

from puppyslug.cli import main
from puppyslug.images import read_recipe_text
from puppyslug.recipe.recipe import Recipe
from support.commands import fails, files

FAST = ["--layer", "relu1_2", "--octaves", "2", "--iterations", "2", "--jitter", "3"]
COMMAND = [sys.executable, "-m", "puppyslug"]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, with a small photo in it."""
    monkeypatch.chdir(tmp_path)
    cat = Image.fromarray(skimage.data.chelsea()[:80, :120])
    cat.save("cat.jpg", quality=95)
    return tmp_path


def size(name: str) -> tuple[int, int]:
    """(width, height) of a picture file."""
    with Image.open(name) as picture:
        return picture.size


def test_a_photo_becomes_a_dream_beside_it(folder, capsys):
    before = (folder / "cat.jpg").read_bytes()
    assert main(["dream", "cat.jpg", *FAST]) == 0
    assert capsys.readouterr().out == "cat.dream.png\n"
    assert main(["dream", "cat.jpg", *FAST, "--seed", "1"]) == 0
    assert files(folder) == {"cat.jpg", "cat.dream.png", "cat.dream-2.png"}
    first, second = (Path(f"cat.dream{n}.png").read_bytes() for n in ("", "-2"))
    assert first != second
    assert (folder / "cat.jpg").read_bytes() == before
    recipe = Recipe.from_json(read_recipe_text("cat.dream.png"))
    assert recipe.size == "120x80"
    assert recipe.precision != "auto"
    assert recipe.weights.sha256.startswith("c34748d2")


@pytest.mark.parametrize("start", ["noise", "clouds"])
def test_starts_need_no_photo(folder, capsys, start):
    assert main(["dream", start, *FAST, "--size", "64x48"]) == 0
    assert capsys.readouterr().out == f"{start}.dream.png\n"
    assert size(f"{start}.dream.png") == (64, 48)


def test_the_first_command_says_what_comes_next(folder, capsys):
    assert main(["dream", *FAST, "--size", "64x48"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "clouds.dream.png\n"
    assert "puppyslug dream PHOTO.jpg" in captured.err


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
def test_redo_repeats_a_dream_byte_for_byte(folder, capsys, suffix):
    assert main(["dream", "cat.jpg", *FAST, "-o", f"a.{suffix}"]) == 0
    assert main(["redo", f"a.{suffix}"]) == 0
    assert Path(f"a.{suffix}").read_bytes() == Path(f"a-2.{suffix}").read_bytes()


def test_redo_finds_the_photo_where_it_was(folder, capsys):
    (folder / "photos").mkdir()
    (folder / "dreams").mkdir()
    (folder / "cat.jpg").rename("photos/cat.jpg")
    assert main(["dream", "photos/cat.jpg", *FAST, "-o", "dreams"]) == 0
    assert main(["redo", "dreams/cat.dream.png"]) == 0
    dreams = [path.read_bytes() for path in (folder / "dreams").iterdir()]
    assert len(dreams) == 2
    assert dreams[0] == dreams[1]
    assert str(folder) not in read_recipe_text("dreams/cat.dream.png")


def test_redo_larger_keeps_the_composition(folder, capsys):
    assert main(["dream", "clouds", *FAST, "--size", "96x54", "-o", "a.png"]) == 0
    assert main(["redo", "a.png", "--size", "192", "-o", "b.png"]) == 0
    recipe = Recipe.from_json(read_recipe_text("b.png"))
    assert (recipe.size, recipe.composed) == ("192x108", "96x54")
    assert size("b.png") == (192, 108)
    assert main(["redo", "b.png", "-o", "c.png"]) == 0
    assert Path("b.png").read_bytes() == Path("c.png").read_bytes()


def test_redo_says_when_the_photo_is_missing_or_changed(folder, capsys):
    assert main(["dream", "cat.jpg", *FAST, "-o", "a.png"]) == 0
    (folder / "cat.jpg").rename("moved.jpg")
    capsys.readouterr()
    assert "name it with --photo" in fails(capsys, "redo", "a.png")
    assert main(["redo", "a.png", "--photo", "moved.jpg"]) == 0
    assert Path("a.png").read_bytes() == Path("a-2.png").read_bytes()
    Image.new("RGB", (120, 80)).save("cat.jpg")
    capsys.readouterr()
    assert "has changed since" in fails(capsys, "redo", "a.png")
    assert "is not the photo" in fails(capsys, "redo", "a.png", "--photo", "cat.jpg")


def test_recipes_are_read_printed_and_left_out(folder, capsys):
    assert main(["dream", "cat.jpg", *FAST, "--print-recipe"]) == 0
    printed = capsys.readouterr().out
    assert files(folder) == {"cat.jpg"}
    Path("r.json").write_text(printed)
    assert main(["dream", "cat.jpg", *FAST, "-o", "a.png"]) == 0
    assert main(["dream", "cat.jpg", "--recipe", "r.json", "-o", "b.png"]) == 0
    assert main(["dream", "--recipe", "a.png", "-o", "c.png"]) == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes() == Path("c.png").read_bytes()
    assert main(["dream", "--recipe", "r.json", "--seed", "7", "-o", "d.png"]) == 0
    assert Recipe.from_json(read_recipe_text("d.png")).seed == 7
    assert main(["dream", "cat.jpg", *FAST, "--no-recipe", "-o", "e.png"]) == 0
    capsys.readouterr()
    assert "carries no recipe" in fails(capsys, "redo", "e.png")


def test_several_photos_go_to_a_folder_and_one_bad_one_stops_no_other(folder, capsys):
    Path("out").mkdir()
    Path("bad.jpg").write_text("no picture")
    assert main(["dream", "cat.jpg", "bad.jpg", "cat.jpg", *FAST, "-o", "out"]) == 1
    captured = capsys.readouterr()
    assert "bad.jpg is not a picture" in captured.err
    assert captured.out == "out/cat.dream.png\nout/cat.dream-2.png\n"
    assert "several photos go into a folder" in fails(
        capsys, "dream", "cat.jpg", "cat.jpg", "-o", "one.png"
    )


def test_scaling_down_and_dropped_octaves_are_said(folder, capsys):
    Image.effect_noise((2048, 1024), 40).save("big.png")
    assert main(["dream", "big.png", "--print-recipe"]) == 0
    said = capsys.readouterr().err
    assert "2048×1024 to 1024×512; --size full takes about 4 times as long" in said
    assert main(["dream", "cat.jpg", "--octaves", "30", "--print-recipe"]) == 0
    assert "are left out" in capsys.readouterr().err
    assert main(["dream", "cat.jpg", "--octaves", "30", "--print-recipe", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.jpg"], "nothing.jpg does not exist"),
        (["."], "is a folder"),
        (["cat.jpg", "--network", "vgg91"], "did you mean vgg19"),
        (["cat.jpg", "--layer", "relu4_5"], "did you mean relu4_4"),
        (["cat.jpg", "--layer", "relu4_4", "--channel", "512"], "512 channels are 0 to 511"),
        (["cat.jpg", "--objective", "relu4_4:37@99,0"], "10 rows and 15 columns"),
        (["cat.jpg", "--octaves", "0"], "octaves cannot be 0"),
        (["cat.jpg", "--iterations", "-1"], "iterations cannot be -1"),
        (["cat.jpg", "--octave-scale", "1"], "octave_scale cannot be 1"),
        (["cat.jpg", "--step-size", "nan"], "step_size cannot be nan"),
        (["cat.jpg", "--octave-scale", "inf"], "octave_scale cannot be inf"),
        (["cat.jpg", "-o", "no/such/folder.png"], "make it first"),
        (["cat.jpg", "-o", "cat.jpg"], "exists"),
        (["cat.jpg", "-o", "cat.jpg", "--force"], "is a picture that is read"),
        (["cat.jpg", "-o", "a.xyz"], "use one of .png"),
        (["cat.jpg", "--weights", "cat.jpg"], "damaged or no weights file"),
        (["cat.jpg", "--weights", "nothing.pth"], "do not exist"),
        (["cat.jpg", "--recipe", "nothing.json"], "cannot be read"),
        (["cat.jpg", "--recipe", "newer.json"], "newer puppyslug"),
        (["cat.jpg", "--recipe", "cat.jpg"], "carries no recipe"),
        (["dot.png"], "1×1 pixels is too small for relu4_4 of vgg19, which needs 8×8"),
        (["thin.png"], "needs 8×8"),
        (["cat.jpg", "--size", "3"], "too small"),
        (["cat.jpg", "--size", "120x120"], "keeps its shape"),
        (["clouds", "--size", "full"], "is for photos"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(folder, capsys, arguments, said):
    Image.new("RGB", (1, 1)).save("dot.png")
    Image.new("RGB", (3, 3000)).save("thin.png")
    Path("newer.json").write_text('{"recipe_version": 99, "version": "7.0"}')
    before = files(folder)
    assert said in fails(capsys, "dream", *arguments)
    assert files(folder) == before


@pytest.mark.parametrize(
    "arguments", [["dream", "--octave", "3"], ["dream", "--octaves", "x"], ["drem"], ["redo"]]
)
def test_wrong_usage_is_two(folder, capsys, arguments):
    assert "--help" in fails(capsys, *arguments, code=2)


def test_an_unwritable_folder_is_said_before_dreaming(folder, capsys, monkeypatch):
    import tempfile

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert "cannot be written to: Permission denied" in fails(capsys, "dream", "cat.jpg")


def test_a_full_disk_loses_no_dream(folder):
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))

    result = subprocess.run(
        [*COMMAND, "dream", "cat.jpg", *FAST],
        capture_output=True, text=True, check=False, preexec_fn=small_files_only,
    )  # fmt: skip
    assert result.returncode == 1
    *_, last = result.stderr.splitlines()
    assert last.startswith("error: cat.dream.png could not be written")
    assert "Traceback" not in result.stderr
    assert files(folder) == {"cat.jpg"}


def test_a_picture_that_cannot_be_written_there_is_kept_elsewhere(folder, monkeypatch, capsys):
    import puppyslug.images
    from puppyslug.errors import OutputError

    save = puppyslug.images.save_image

    def full_here(picture, path, **arguments):
        if path.parent == Path():
            raise OutputError(f"{path} could not be written: No space left on device")
        return save(picture, path, **arguments)

    monkeypatch.setattr(puppyslug.images, "save_image", full_here)
    assert main(["dream", "cat.jpg", *FAST, "--quiet"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    kept = Path(line.split("is kept as ")[1])
    assert size(str(kept)) == (120, 80)
    kept.unlink()
    kept.parent.rmdir()


def test_a_look_goes_to_another_picture(folder, capsys):
    Image.effect_noise((200, 60), 50).save("wide.png")
    assert main(["dream", "cat.jpg", *FAST, "-o", "a.png"]) == 0
    assert main(["dream", "wide.png", "--recipe", "a.png", "-o", "b.png"]) == 0
    first, second = (Recipe.from_json(read_recipe_text(name)) for name in ("a.png", "b.png"))
    assert (second.size, second.objective, second.iterations) == ("120x36", "relu1_2", 2)
    assert (
        main(["dream", "wide.png", "--recipe", "a.png", "--preset", "eyes", "--print-recipe"]) == 0
    )
    printed = Recipe.from_json(capsys.readouterr().out.split("b.png\n")[1])
    assert (printed.objective, printed.preset, printed.iterations) == ("relu4_1", "eyes", 2)
    assert first.photo != second.photo


def test_a_position_keeps_its_place_in_a_larger_dream(folder, capsys):
    fast = ["--octaves", "1", "--iterations", "2", "--objective", "conv2_1:5@3,20"]
    assert main(["dream", "clouds", "--size", "64x36", *fast, "-o", "a.png"]) == 0
    assert main(["redo", "a.png", "--size", "128", "-o", "b.png"]) == 0
    assert main(["redo", "a.png", "--size", "32", "-o", "c.png"]) == 0
    assert "nothing grew" not in capsys.readouterr().err


def test_nothing_to_amplify_is_said(folder, capsys):
    Image.new("RGB", (64, 64)).save("black.png")
    silent = ["--objective", "relu5_4:3@0,0", "--octaves", "1", "--iterations", "1"]
    assert main(["dream", "black.png", *silent]) == 0
    assert "nothing grew" in capsys.readouterr().err


def drain(terminal):
    """Read what is written to a terminal, until whoever writes there has ended."""
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass


def test_ctrl_c_keeps_the_dream_so_far_and_redo_repeats_it(folder):
    settings = ["--octaves", "2", "--iterations", "500", "--layer", "relu3_1"]
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "dream", "cat.jpg", *settings],
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    shown = b""
    while b"step 3" not in shown:
        shown += os.read(controller, 4096)
    process.send_signal(signal.SIGINT)
    with process:
        drain(controller)  # a terminal that nobody reads is full one day
        out = process.stdout.read()
    assert process.returncode == 130
    assert out == "cat.dream.png\n"
    assert b"octave 1/2" in shown and b"score" in shown and b"left" in shown
    recipe = Recipe.from_json(read_recipe_text("cat.dream.png"))
    assert 3 <= recipe.stop_after < 500
    assert size("cat.dream.png") == (120, 80)
    assert main(["redo", "cat.dream.png"]) == 0
    assert Path("cat.dream.png").read_bytes() == Path("cat.dream-2.png").read_bytes()


def test_a_sheet_shows_every_depth(folder, capsys):
    assert main(["sheet", "cat.jpg", "--layers", "relu2_1,relu1_1,pool1", "--size", "60",
                 "--octaves", "1", "--iterations", "1"]) == 0  # fmt: skip
    assert capsys.readouterr().out == "cat.sheet.png\n"
    width, height = size("cat.sheet.png")
    assert width >= 2 * 60
    assert height >= 2 * 40
    assert "did you mean" in fails(capsys, "sheet", "cat.jpg", "--layers", "relu9")


def test_tables_are_plain_and_full_width_in_a_pipe(capsys):
    assert main(["networks"]) == 0
    table = capsys.readouterr().out
    assert "CC BY 4.0" in table
    assert "Very Deep Convolutional Networks for Large-Scale Image Recognition" in table
    assert main(["layers", "vgg19"]) == 0
    table = capsys.readouterr().out
    assert "relu4_4" in table
    assert re.search(r"relu4_4 .* 116 px .*default$", table, re.MULTILINE)
    assert len(table.splitlines()) == 1 + 37


def test_help_of_every_command_names_every_option(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("puppyslug 0.")
    for command in ("dream", "redo", "sheet", "networks", "layers", "labels", "bench"):
        assert main([command, "--help"]) == 0
        assert "Usage: " in capsys.readouterr().out


def test_output_is_not_buffered_away_by_a_closed_pipe():
    process = subprocess.Popen(
        [*COMMAND, "layers", "vgg19"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    time.sleep(0.1)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


def test_a_large_picture_goes_in_tiles_and_comes_out_the_same(folder, capsys):
    fast = ["--layer", "relu1_2", "--octaves", "1", "--iterations", "1", "--precision", "float32"]
    tall = ["dream", "clouds", "--size", "200x500", *fast]
    assert main([*tall, "--memory", "2GB", "-o", "whole.png"]) == 0
    assert main([*tall, "--memory", "150MB", "-o", "tiles.png"]) == 0
    assert "in 1×3 tiles" in capsys.readouterr().err
    assert Recipe.from_json(read_recipe_text("tiles.png")).tile != "whole"
    assert main(["redo", "tiles.png", "-o", "again.png"]) == 0
    assert Path("tiles.png").read_bytes() == Path("again.png").read_bytes()
    with Image.open("whole.png") as whole, Image.open("tiles.png") as tiled:
        extremes = ImageChops.difference(whole, tiled).getextrema()
    assert max(highest for _, highest in extremes) <= 1


@pytest.mark.parametrize(
    ("memory", "said"), [("10MB", "at least --memory"), ("lots", "such as 2GB or 800MB")]
)
def test_memory_that_is_too_little_or_no_number_is_refused(folder, capsys, memory, said):
    assert said in fails(capsys, "dream", "cat.jpg", "--memory", memory)


def test_a_device_that_is_not_there_is_refused(folder, capsys):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    assert "no CUDA device here" in fails(capsys, "dream", "cat.jpg", "--device", "cuda")


def test_the_bare_command_shows_its_help(capsys):
    assert main([]) == 0
    assert "Usage: puppyslug [OPTIONS] COMMAND" in capsys.readouterr().out


def test_redo_never_replaces_what_it_reads(folder, capsys):
    assert main(["dream", "cat.jpg", *FAST, "-o", "a.png"]) == 0
    before = {name: Path(name).read_bytes() for name in ("cat.jpg", "a.png")}
    capsys.readouterr()
    for name in before:
        assert "name another file" in fails(capsys, "redo", "a.png", "-o", name, "--force")
    assert "name another file" in fails(
        capsys, "dream", "cat.jpg", "--recipe", "a.png", "-o", "a.png", "--force"
    )
    assert before == {name: Path(name).read_bytes() for name in before}


@pytest.mark.parametrize("size", ["0", "²", "9" * 5000, "-4", "full?"])
def test_redo_refuses_sizes_that_are_none(folder, capsys, size):
    assert main(["dream", "clouds", *FAST, "--size", "64x36", "-o", "a.png"]) == 0
    capsys.readouterr()
    assert "size cannot be" in fails(capsys, "redo", "a.png", f"--size={size}")


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ('{"composed": "full"}', "such as 640x360"),
        ('{"size": "60000x60000"}', "megapixels"),
        ('{"composed": "90x50", "octave_scale": 1.0000001, "size": "960x540"}', "too near to 1"),
        ('{"schedule": [[0, 0, 1, "objective", "conv1_1:999"]]}', "channels are 0 to 63"),
        ('{"schedule": [[0, 0, 1, "objective", "conv9_1"]]}', "has no layer"),
        ('{"size": "6x6", "schedule": [[0, 0, 1, "objective", "relu5_4"]]}', "too small for relu5"),
        ('{"photo": {"name": "x", "sha256": "%s", "folder": "/etc"}}' % ("0" * 64), "photo cannot"),
        ('{"photo": {"name": "x", "sha256": "%s"}}' % ("0" * 64), "name it with --photo"),
        ('{"objective": "1e30*relu1_1"}', "up to a million"),
        ('{"schedule": %s}' % ([[0, 0, 0, "jitter", 5]] * 2000), "schedule cannot be"),
        ('{"recipe_version": "2"}', "newer puppyslug"),
        ('{"photo": "a\\nb"}', "photo cannot be"),
    ],
)  # fmt: skip
def test_hostile_recipes_are_refused_in_one_line(folder, capsys, recipe, said):
    Path("r.json").write_text(recipe.replace("'", '"'))
    assert said in fails(capsys, "dream", "--recipe", "r.json")
    assert files(folder) == {"cat.jpg", "r.json"}


def test_odd_names_are_shown_on_one_line(folder, capsys):
    assert "does not exist" in fails(capsys, "dream", "no\nsuch\x1b[31m.jpg")
    assert "does not exist" in fails(capsys, "dream", "nosuchfolder/cat.jpg")
    for name in ("back\\slash.jpg", "ünï cödé.jpg", "a" * 250 + ".jpg"):
        Path(name).write_bytes(Path("cat.jpg").read_bytes())
        assert main(["dream", name, *FAST, "--quiet"]) == 0
        dream = capsys.readouterr().out.rstrip("\n")
        assert main(["redo", dream, "--quiet"]) == 0
        again = capsys.readouterr().out.rstrip("\n")
        assert Path(dream).read_bytes() == Path(again).read_bytes()


def test_a_dangling_link_is_not_written_through(folder, capsys):
    Path("cat.dream.png").symlink_to("elsewhere.png")
    assert main(["dream", "cat.jpg", *FAST]) == 0
    assert capsys.readouterr().out == "cat.dream-2.png\n"
    assert "exists" in fails(capsys, "dream", "cat.jpg", "-o", "cat.dream.png")


def test_formats_with_short_edges_are_refused_before_dreaming(folder, capsys):
    said = fails(capsys, "dream", "clouds", "--size", "17000x16", *FAST, "-o", "a.webp")
    assert "at most 16383 pixels" in said


def test_closed_streams_do_not_matter(folder):
    for closed in ("2>&-", ">&-", ">&- 2>&-"):
        line = f'"{sys.executable}" -m puppyslug dream cat.jpg {" ".join(FAST)} {closed}'
        subprocess.run(["sh", "-c", line], check=True, capture_output=True)
    assert len(files(folder)) == 4
