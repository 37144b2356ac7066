"""``puppyslug teach``, and the network that it writes in other commands."""

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
from puppyslug.errors import OutputError
from puppyslug.images import generate_clouds, generate_noise, load_image, read_recipe_text
from puppyslug.labels import imagenet
from puppyslug.networks.finetuned import METADATA_KEY
from puppyslug.recognition.classification import classify
from puppyslug.training import last_block, report, session
from puppyslug.training.checkpoint import TrainingCheckpoint
from support.commands import list_files, run_failing
from support.training_images import (
    HOLDOUT_COLUMNS,
    TEXTURES,
    TRAIN_COLUMNS,
    save_random_images,
    save_texture_crops,
    shorten_training,
)

COMMAND = [sys.executable, "-m", "puppyslug"]
SMALL = ["--size", "96x64", "--octaves", "1", "--iterations", "2"]


@pytest.fixture(scope="module", autouse=True)
def small_dataset(tmp_path_factory):
    """Few augmented views and negatives, and one cache for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        shorten_training(patch, views=60, blends=6, generated=4)
        patch.setenv("PUPPYSLUG_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield patch


@pytest.fixture(scope="module")
def training_images(tmp_path_factory):
    return save_texture_crops(tmp_path_factory.mktemp("training"), TRAIN_COLUMNS, 10)


@pytest.fixture(scope="module")
def unseen_images(tmp_path_factory):
    return save_texture_crops(tmp_path_factory.mktemp("test"), HOLDOUT_COLUMNS, 5)


@pytest.fixture(scope="module")
def network_file(small_dataset, training_images, tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "mine.safetensors"
    assert main(["teach", str(training_images), "-o", str(path), "--no-report"]) == 0
    assert list_files(path.parent) == {"mine.safetensors"}
    return path.read_bytes()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def network(network_file, folder):
    """The path of the finetuned network in the current folder."""
    (folder / "mine.safetensors").write_bytes(network_file)
    return folder / "mine.safetensors"


def recognise(network, image) -> str:
    """Return the class of an image, or ``"unsure"``."""
    result = classify(image, network=network)
    return result.thing if result.sure else "unsure"


def test_new_images_are_recognised_and_noise_is_not(network, unseen_images):
    loaded = puppyslug.load_network(str(network))
    correct = [
        recognise(loaded, load_image(path).image) == name
        for name in TEXTURES
        for path in sorted((unseen_images / name).iterdir())
    ]
    assert sum(correct) >= 0.9 * len(correct)
    for generate in (generate_clouds, generate_noise):
        for seed in range(70, 72):
            assert recognise(loaded, generate((160, 200), seed)) not in TEXTURES


def test_the_same_images_give_the_same_file_in_another_process(network, training_images):
    first = network.read_bytes()
    code = [
        "import sys; from puppyslug.cli import main",
        "import pytest; from support.training_images import shorten_training",
        "shorten_training(pytest.MonkeyPatch(), views=60, blends=6, generated=4)",
        f"images = {str(training_images)!r}",
        "sys.exit(main(['teach', images, '-o', 'again.safetensors', '--no-report']))",
    ]
    empty_cache = str(network.parent / "empty cache")
    environment = {**os.environ, "PUPPYSLUG_CACHE": empty_cache, "PYTHONHASHSEED": "7"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    subprocess.run([sys.executable, "-c", "\n".join(code)], check=True, env=environment)
    assert Path("again.safetensors").read_bytes() == first


def test_the_network_works_in_other_commands(network, unseen_images, capsys):
    own = ["--network", "mine.safetensors"]
    assert main(["layers", own[1]]) == 0
    assert "labels" in capsys.readouterr().out
    for name in ("brick", "castle"):  # a new class, and one of the base
        assert main(["labels", name, *own]) == 0
        assert name in capsys.readouterr().out
    portrait = ["portrait", "see(gravel)", "-o", "gravel.png", "--size", "64", "--steps", "2"]
    assert main([*portrait, *own]) == 0
    capsys.readouterr()
    image = str(unseen_images / "brick" / "000.png")
    assert main(["classify", image, "--top", "1", *own]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-1] in ("brick", "unsure")


def test_the_network_has_the_licence_of_its_base_and_the_new_classes(network):
    spec = puppyslug.load_network(str(network)).spec
    assert spec.licence == "Apache-2.0"
    assert spec.finetuned.new_classes == TEXTURES
    assert spec.classes == 1003


def test_the_classes_of_the_base_are_unchanged_up_to_a_factor(network):
    own, base = (
        puppyslug.load_network(name, precision="float32")
        for name in (str(network), "efficientnet_lite0")
    )
    image = generate_clouds((224, 224), 3)
    with torch.no_grad():
        own_map = own.activations(image, ["labels"])["labels"][:, 3:]
        base_map = base.activations(image, ["labels"])["labels"]
    factor = float((own_map * base_map).sum() / (base_map * base_map).sum())
    torch.testing.assert_close(own_map, base_map * factor, rtol=1e-3, atol=1e-3)
    assert own.vocabulary.find("castle").number == 3 + imagenet().find("castle").number
    assert len(own.vocabulary.find("none").class_numbers) == 1000


def test_a_dream_finds_its_network_beside_it_in_another_process(network):
    own = ["--network", str(network), "--see", "brick", "-o", "brick.png"]
    assert main(["dream", "clouds", *own, *SMALL]) == 0
    recipe = json.loads(read_recipe_text(Path("brick.png")))
    assert recipe["network"] == "mine.safetensors"  # without its folder
    subprocess.run([*COMMAND, "redo", "brick.png", "-o", "again.png"], check=True)
    assert Path("again.png").read_bytes() == Path("brick.png").read_bytes()


def test_a_recipe_finds_its_network_for_another_photo(network):
    own = ["--network", str(network), "--see", "brick", "-o", "brick.png"]
    assert main(["dream", "clouds", *own, *SMALL]) == 0
    recipe = ["--recipe", "brick.png", "-o", "noise.png", *SMALL[:2]]
    subprocess.run([*COMMAND, "dream", "noise", *recipe], check=True)


def test_a_network_in_another_folder_is_named_with_an_option(network, monkeypatch):
    own = ["--network", str(network), "--see", "brick", "-o", "b.png"]
    assert main(["dream", *own, *SMALL]) == 0
    Path("elsewhere").mkdir()
    Path("b.png").rename("elsewhere/b.png")
    monkeypatch.chdir("elsewhere")
    result = subprocess.run(
        [*COMMAND, "redo", "b.png"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "mine.safetensors" in result.stderr
    assert "--network" in result.stderr
    assert main(["redo", "b.png", "--network", str(network), "-o", "again.png"]) == 0


def test_an_interrupted_run_saves_the_best_network_and_resumes(
    training_images, folder, monkeypatch, capsys
):
    monkeypatch.setattr(session._TrainingSession, "needs_last_block", lambda *_: True)
    monkeypatch.setattr(last_block, "MAX_EPOCHS", 2)
    monkeypatch.setattr(session, "MAX_EPOCHS", 2)
    command = ["teach", str(training_images), "--no-report", "-o"]
    assert main([*command, "whole.safetensors"]) == 0
    write = TrainingCheckpoint.write

    def write_and_interrupt(checkpoint, tensors):
        write(checkpoint, tensors)
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingCheckpoint, "write", write_and_interrupt)
    assert main([*command, "resumed.safetensors"]) == 130
    assert "--resume" in capsys.readouterr().err
    assert puppyslug.load_network("resumed.safetensors").spec.finetuned.new_classes == TEXTURES
    monkeypatch.setattr(TrainingCheckpoint, "write", write)
    assert main([*command, "resumed.safetensors", "--resume"]) == 0
    assert Path("resumed.safetensors").read_bytes() == Path("whole.safetensors").read_bytes()
    assert list_files(folder) == {"whole.safetensors", "resumed.safetensors"}


def test_ctrl_c_before_the_first_step_leaves_no_file(training_images, folder, monkeypatch, capsys):
    def interrupt(*_):
        os.kill(os.getpid(), signal.SIGINT)
        yield

    monkeypatch.setattr(session, "build_dataset", interrupt)
    assert main(["teach", str(training_images), "-o", "mine.safetensors"]) == 130
    assert "--resume" in capsys.readouterr().err
    assert list_files(folder) == set()


def test_a_report_is_written_beside_the_network(folder, monkeypatch, capsys):
    monkeypatch.setattr(session._TrainingSession, "needs_last_block", lambda *_: False)
    monkeypatch.setattr(report, "CLASS_SETTINGS", report.CLASS_SETTINGS._replace(size=64, steps=2))
    for number, name in enumerate(("cup", "<b>hat")):
        save_random_images(folder / "images" / name, 4, number)
    assert main(["teach", "images", "-o", "mine.safetensors"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "mine.safetensors\nmine.html\n"
    assert "8 images in 2 folders" in captured.err
    page = Path("mine.html").read_text(encoding="utf-8")
    assert page.count('class="portrait"') == 2
    assert "<b>hat" not in page
    assert "&lt;b&gt;hat" in page
    assert "http" not in page.replace("http-equiv", "")
    assert str(folder) not in page


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["-o", "mine.pth"], ".safetensors"),
        (["-o", "nowhere/mine.safetensors"], "nowhere"),
        (["-o", "damaged.safetensors"], "damaged.safetensors"),
        (["-o", "mine.safetensors", "--network", "googlenet"], "networks fetch googlenet"),
        (["-o", "mine.safetensors", "--network", "vgg19+efficientnet_lite0"], "vgg19+"),
        (["-o", "mine.safetensors", "--network", "gone.safetensors"], "gone.safetensors"),
        (["-o", "mine.safetensors", "--network", "damaged.safetensors"], "damaged.safetensors"),
    ],
)
def test_errors_name_the_wrong_value_and_write_nothing(folder, capsys, arguments, part):
    save_random_images(folder / "images" / "cup", 3, 0)
    Path("damaged.safetensors").write_bytes(b"x")
    before = list_files(folder)
    assert part in run_failing(capsys, "teach", "images", *arguments)
    assert list_files(folder) == before


def test_a_full_disk_is_an_error_and_leaves_no_file(training_images, folder, monkeypatch, capsys):
    def fail(*_, **__):
        raise OutputError("mine.safetensors could not be written: No space left; free some space")

    monkeypatch.setattr(session, "write_atomically", fail)
    assert main(["teach", str(training_images), "-o", "mine.safetensors"]) == 1
    assert "free some space" in capsys.readouterr().err
    assert list_files(folder) == set()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:100],
        lambda data: data[:-5],
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: data.replace(f'"{METADATA_KEY}"'.encode(), b'"otherprog"', 1),
        lambda data: data.replace(b"efficientnet_lite0", b"efficientnet_liteX"),
        lambda data: data.replace(b"brick", b"grass", 1),
        lambda data: data.replace(rb"\"brick\"", rb"\"none\" ", 1),
        lambda data: data[:-4] + np.float32(np.nan).tobytes(),
        lambda data: data[:-4] + np.float32(np.inf).tobytes(),
    ],
)
def test_damaged_networks_are_refused_on_one_line(network, capsys, change):
    Path("bad.safetensors").write_bytes(change(network.read_bytes()))
    Image.new("RGB", (64, 64)).save("image.png")
    line = run_failing(capsys, "classify", "image.png", "--network", "bad.safetensors")
    assert "bad.safetensors" in line


@pytest.mark.slow
def test_photographs_of_textures_are_recognised_and_dreamt(small_dataset, folder):
    small_dataset.undo()
    save_texture_crops(folder / "training", TRAIN_COLUMNS, 40)
    save_texture_crops(folder / "test", HOLDOUT_COLUMNS, 30)
    assert main(["teach", "training", "-o", "mine.safetensors", "--no-report"]) == 0
    network = puppyslug.load_network("mine.safetensors")
    correct = [
        classify(load_image(path).image, network=network).thing == name
        for name in TEXTURES
        for path in sorted((folder / "test" / name).iterdir())
    ]
    assert sum(correct) >= 0.95 * len(correct)
    found = [
        recognise(network, generate((240, 320), seed))
        for generate in (generate_clouds, generate_noise)
        for seed in range(90, 110)
    ]
    assert found.count("none") >= 0.9 * len(found)
    dream = puppyslug.dream("clouds", network="mine.safetensors", see="brick")
    guesses = classify(dream.convert("RGB"), network=network, top=1003).guesses
    assert next(one.probability for one in guesses if one.name == "brick") > 0.9
