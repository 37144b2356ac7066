"""``puppyslug teach`` and what it makes, with a real network and small pictures."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import puppyslug
from puppyslug.cli import main
from puppyslug.images import clouds, load_image, noise, read_recipe_text
from puppyslug.labels import imagenet
from puppyslug.networks.finetuned import KEY, read_header
from puppyslug.recognition.classification import classify
from puppyslug.training import dataset, negatives, session
from puppyslug.training.checkpoint import Notes
from support.commands import fails
from support.lessons import HELD_OUT, LEARNT, TEXTURES, scribbles, texture_crops


@pytest.fixture(scope="module", autouse=True)
def little(tmp_path_factory):
    """Few views, and what was seen is kept between tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "VIEWS", 60)
        patch.setattr(dataset, "BLENDS", 9)
        patch.setattr(negatives, "EACH", 6)
        patch.setattr(negatives, "PORTRAITS", 10)
        patch.setenv("PUPPYSLUG_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield patch


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return texture_crops(tmp_path_factory.mktemp("learnt"), LEARNT, 10)


@pytest.fixture(scope="module")
def held_out(tmp_path_factory):
    return texture_crops(tmp_path_factory.mktemp("held out"), HELD_OUT, 10)


@pytest.fixture(scope="module")
def taught_once(little, folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("taught") / "mine.safetensors"
    assert main(["teach", str(folder), "-o", str(path), "--no-report"]) == 0
    return path.read_bytes()


@pytest.fixture
def taught(taught_once, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").write_bytes(taught_once)
    return tmp_path / "mine.safetensors"


def verdict(network, image):
    found = classify(image, network=network)
    return found.thing if found.sure else "unsure"


def test_it_tells_pictures_from_another_part_of_the_photographs(taught, held_out):
    network = puppyslug.load_network(str(taught))
    right = [
        verdict(network, load_image(path).image) == name
        for name in TEXTURES
        for path in sorted((held_out / name).iterdir())
    ]
    assert sum(right) >= 0.9 * len(right)
    made = [make((160, 200), 70 + n) for make in (clouds, noise) for n in range(3)]
    nothing_there = [verdict(network, image) for image in made]
    assert not set(nothing_there) & set(TEXTURES)


def test_teaching_twice_gives_the_same_file(taught, folder):
    first = taught.read_bytes()
    code = [
        "import sys; from puppyslug.cli import main",
        "from puppyslug.training import examples, nothing",
        "dataset.VIEWS, dataset.BLENDS, negatives.EACH, negatives.PORTRAITS = 60, 9, 6, 10",
        f"sys.exit(main(['teach', {str(folder)!r}, '-o', 'again.safetensors', '--no-report']))",
    ]
    fresh = taught.parent / "fresh cache"  # everything is looked at again, in another process
    environment = {**os.environ, "PUPPYSLUG_CACHE": str(fresh), "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", "\n".join(code)], check=True, env=environment)
    assert (taught.parent / "again.safetensors").read_bytes() == first


def test_it_is_a_network_like_any_other(taught, capsys):
    assert main(["layers", "mine.safetensors"]) == 0
    assert "labels" in capsys.readouterr().out
    assert main(["labels", "brick", "--network", "mine.safetensors"]) == 0
    assert "brick" in capsys.readouterr().out
    assert main(["labels", "castle", "--network", "mine.safetensors"]) == 0
    assert "castle" in capsys.readouterr().out  # it knows what it knew
    assert main([
        "portrait", "see(gravel)", "--network", "mine.safetensors", "-o", "gravel.png",
        "--size", "64", "--steps", "2",
    ]) == 0  # fmt: skip
    spec = puppyslug.load_network("mine.safetensors").spec
    assert spec.licence == "Apache-2.0"
    assert spec.taught.things == TEXTURES
    assert spec.classes == 1003


def test_what_is_dreamt_is_dreamt_again_beside_the_network(taught, monkeypatch, tmp_path):
    small = ["--size", "96x64", "--octaves", "1", "--iterations", "2"]
    own = ["--network", str(taught), "--see", "brick", "-o", "brick.png"]
    assert main(["dream", "clouds", *own, *small]) == 0
    recipe = json.loads(read_recipe_text(Path("brick.png")))
    assert recipe["network"] == "mine.safetensors"  # no folders of anybody's
    # another process has never heard of it
    command = [sys.executable, "-m", "puppyslug"]
    subprocess.run([*command, "redo", "brick.png", "-o", "again.png"], check=True)
    assert Path("again.png").read_bytes() == Path("brick.png").read_bytes()
    look = ["--recipe", "brick.png", "-o", "noise.png", *small[:2]]
    subprocess.run([*command, "dream", "noise", *look], check=True)


def test_a_recipe_whose_network_is_elsewhere_says_what_to_do(taught, capsys, monkeypatch):
    small = ["--size", "96x64", "--octaves", "1", "--iterations", "1"]
    assert main(["dream", "--network", str(taught), "--see", "brick", "-o", "b.png", *small]) == 0
    (taught.parent / "away").mkdir()
    Path("b.png").rename("away/b.png")
    monkeypatch.chdir(taught.parent / "away")
    code = "import sys; from puppyslug.cli import main; sys.exit(main(['redo', 'b.png']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "name it with --network" in done.stderr
    assert main(["redo", "b.png", "--network", str(taught), "-o", "again.png"]) == 0


def test_the_classes_of_the_base_stay_as_they_were(taught):
    own, base = (puppyslug.load_network(n) for n in (str(taught), "efficientnet_lite0"))
    image = clouds((224, 224), 3)
    with torch.no_grad():
        one = own.activations(image, ["labels"])["labels"][:, 3:]
        other = base.activations(image, ["labels"])["labels"]
    ratio = float((one * other).sum() / (other * other).sum())  # softened as a whole
    torch.testing.assert_close(one, other * ratio, rtol=1e-3, atol=1e-3)
    castle = own.vocabulary.find("castle").number
    assert castle == 3 + imagenet().find("castle").number
    assert len(own.vocabulary.find("none").members) == 1000


def test_classify_says_which_thing_or_none_or_unsure(taught, held_out, capsys):
    photo = str(held_out / "brick" / "000.png")
    assert main(["classify", photo, "--network", "mine.safetensors", "--top", "1"]) == 0
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row[-1] in ("brick", "unsure")


def test_ctrl_c_keeps_the_best_and_resume_ends_the_same(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session._Lesson, "mistaken", lambda *_: True)  # so the block is taught
    assert main(["teach", str(folder), "-o", "whole.safetensors", "--no-report"]) == 0
    written = Notes.write

    def interrupted(notes, state):
        written(notes, state)
        raise KeyboardInterrupt

    monkeypatch.setattr(Notes, "write", interrupted)
    assert main(["teach", str(folder), "-o", "cut.safetensors", "--no-report"]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert puppyslug.load_network("cut.safetensors").spec.taught.things == TEXTURES
    monkeypatch.setattr(Notes, "write", written)
    assert main(["teach", str(folder), "-o", "cut.safetensors", "--no-report", "--resume"]) == 0
    assert Path("cut.safetensors").read_bytes() == Path("whole.safetensors").read_bytes()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_ctrl_c_before_anything_is_learnt_leaves_nothing(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)
        yield

    monkeypatch.setattr(session, "gather", interrupted)
    assert main(["teach", str(folder), "-o", "mine.safetensors"]) == 130
    assert "before anything was learnt" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_report_is_one_page_that_says_it_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("cup", "<b>hat")):
        scribbles(tmp_path / "things" / name, 5, number)
    assert main(["teach", "things", "-o", "mine.safetensors"]) == 0
    page = Path("mine.html").read_text(encoding="utf-8")
    held = read_header(Path("mine.safetensors")).held
    total = sum(map(sum, held.counts))
    assert f"of {total} pictures" in page
    assert "95 % interval" in page
    assert page.count('class="portrait"') == 2
    assert "<b>hat" not in page and "&lt;b&gt;hat" in page
    assert "http" not in page.replace("http-equiv", "")
    assert str(tmp_path) not in page


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["-o", "mine.pth"], "should end in .safetensors"),
        (["-o", "nowhere/mine.safetensors"], "does not exist"),
        (["-o", "taken.safetensors"], "taken.safetensors exists"),
        (["-o", "mine.safetensors", "--network", "googlenet"], "networks fetch googlenet"),
        (["-o", "mine.safetensors", "--network", "vgg19+efficientnet_lite0"], "several networks"),
        (["-o", "mine.safetensors", "--network", "gone.safetensors"], "no such file"),
        (["-o", "mine.safetensors", "--network", "taken.safetensors"], "damaged"),
    ],
)
def test_what_cannot_be_taught_is_said_before_any_work(
    arguments, wanted, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    scribbles(tmp_path / "things" / "cup", 3, 0)
    Path("taken.safetensors").write_bytes(b"x")
    assert main(["teach", "things", *arguments]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and wanted in error


def test_a_full_disk_says_so_and_the_next_lesson_is_quick(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def full(*_, **__):
        from puppyslug.errors import OutputError

        raise OutputError("mine.safetensors could not be written: No space left; free some space")

    monkeypatch.setattr(session, "write_whole", full)
    assert main(["teach", str(folder), "-o", "mine.safetensors"]) == 1
    assert "free some space" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:100],
        lambda data: data[:-5],
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: data.replace(f'"{KEY}"'.encode(), b'"otherprog"', 1),
        lambda data: data.replace(b"efficientnet_lite0", b"efficientnet_liteX"),
        lambda data: data.replace(b"brick", b"grass", 1),
        lambda data: data.replace(rb"\"brick\"", rb"\"none\" ", 1),
        lambda data: data[:-4] + np.float32(np.nan).tobytes(),
        lambda data: data[:-4] + np.float32(np.inf).tobytes(),
    ],
)
def test_damaged_networks_are_said_in_a_line(taught, change, capsys):
    Path("bad.safetensors").write_bytes(change(taught.read_bytes()))
    Image.new("RGB", (64, 64)).save("picture.png")
    said = fails(capsys, "classify", "picture.png", "--network", "bad.safetensors")
    assert "bad.safetensors" in said


@pytest.mark.slow
def test_the_texture_photographs_as_a_user_would_teach_them(little, tmp_path, monkeypatch):
    little.undo()
    monkeypatch.chdir(tmp_path)
    texture_crops(tmp_path / "things", LEARNT, 40)
    texture_crops(tmp_path / "held out", HELD_OUT, 30)
    assert main(["teach", "things", "-o", "mine.safetensors"]) == 0
    network = puppyslug.load_network("mine.safetensors")
    right = [
        classify(load_image(path).image, network=network).thing == name
        for name in TEXTURES
        for path in sorted((tmp_path / "held out" / name).iterdir())
    ]
    assert sum(right) >= 0.95 * len(right)
    made = [make((240, 320), 90 + n) for make in (clouds, noise) for n in range(20)]
    none = [verdict(network, image) for image in made]
    assert none.count("none") >= 0.9 * len(none)
    dream = puppyslug.dream("clouds", network="mine.safetensors", see="brick")
    chances = classify(dream.convert("RGB"), network=network, top=1003).guesses
    assert next(one.probability for one in chances if one.name == "brick") > 0.9
