"""Atlases: drawn, broken off, put together, searched, shown."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from puppyslug.cli import main
from puppyslug.errors import AtlasError, OutputError
from puppyslug.files import atomic
from puppyslug.networks import find_spec
from puppyslug.networks.loader import load_network
from puppyslug.visualization.atlas import Atlas, UnbuiltError, find_atlas, list_atlases
from puppyslug.visualization.atlas.atlas import PICTURE, names_of
from puppyslug.visualization.atlas.builder import build, estimate_seconds, plan
from puppyslug.visualization.atlas.captions import beaten_by, neighbours
from puppyslug.visualization.atlas.export import save_page, save_sheet
from puppyslug.visualization.atlas.index import FILE, Entry, Guess, Index, Neighbour
from puppyslug.visualization.atlas.locations import folder_name
from puppyslug.visualization.atlas.portrait_cache import Drawings, Job, objective_of
from support.locks import held_elsewhere


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    """A folder of one's own for data, and no atlases that puppyslug brings."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(
        "puppyslug.visualization.atlas.locations.built_in_folder", lambda: tmp_path / "built"
    )
    return tmp_path / "data" / "puppyslug" / "atlases"


def toy_job(toy, **changes):
    settings = {"size": 32, "steps": 3, "seed": 0, "precision": "float32", "winograd": 0}
    return Job("toy", "relu2", "0" * 64, 6, **{**settings, "batch": 2, **changes})


def built(folder, toy, **changes):
    drawings = Drawings(folder, toy_job(toy, **changes))
    for _ in build(drawings, toy, toy):
        pass
    drawings.close()
    return Atlas(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def index_of(entries, **changes):
    settings = {"network": "vgg19", "layer": "relu5_2", "weights": "0" * 64, "size": 8}
    settings |= {"columns": 2, "steps": 1, "seed": 0, "classifier": "c", "vocabulary": "imagenet"}
    return Index(**{**settings, **changes}, entries=tuple(entries))


def entry(number, *guesses, name=""):
    guessed = tuple(Guess(number=n, name=text, probability=p) for n, text, p in guesses)
    return Entry(number=number, name=name, guesses=guessed, sure=True, beaten_by=0, neighbours=())


def test_an_atlas_holds_every_portrait_named_and_compared(tmp_path, toy):
    atlas = built(tmp_path / "a", toy)
    assert [one.number for one in atlas.index.entries] == list(range(6))
    for one in atlas.index.entries:
        assert len(one.guesses) == 8
        assert sum(g.probability for g in one.guesses) == pytest.approx(1, abs=1e-3)
        assert sorted(n.number for n in one.neighbours) == [n for n in range(6) if n != one.number]
        assert [n.likeness for n in one.neighbours] == sorted(
            (n.likeness for n in one.neighbours), reverse=True
        )
    assert {"atlas.json", "portraits.webp", "sheet.png", "index.html"} <= set(
        contents(atlas.folder)
    )
    assert not (atlas.folder / "portraits").exists()
    pixels = np.asarray(Image.open(atlas.folder / PICTURE).convert("RGB"))
    for number in range(6):
        row, column = divmod(number, atlas.index.columns)
        there = pixels[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
        assert np.array_equal(np.asarray(atlas.portrait(number)), there)


@pytest.mark.parametrize("stop_after", [1, 4, 7])
def test_a_build_that_was_broken_off_ends_equal(tmp_path, toy, stop_after):
    whole = contents(built(tmp_path / "whole", toy).folder)
    drawings = Drawings(tmp_path / "broken", toy_job(toy))
    for done, _ in enumerate(build(drawings, toy, toy)):
        if done == stop_after:
            break
    drawings.close()
    kept = sum(path.suffix == ".png" for path in (tmp_path / "broken/portraits").iterdir())
    assert kept == stop_after // 3 * 2
    resumed = Drawings(tmp_path / "broken", toy_job(toy))
    assert sum(map(len, resumed.missing())) == 6 - kept
    resumed.close()
    assert contents(built(tmp_path / "broken", toy).folder) == whole


def test_other_settings_do_not_go_on_with_what_is_there(tmp_path, toy):
    Drawings(tmp_path, toy_job(toy)).close()
    with pytest.raises(OutputError, match=r"with another steps, seed.*--force"):
        Drawings(tmp_path, toy_job(toy, steps=4, seed=1))
    fresh = Drawings(tmp_path, toy_job(toy, steps=4), fresh=True)
    assert len(fresh.missing()) == 3
    fresh.close()


def test_two_do_not_build_one_atlas(tmp_path, toy):
    with (
        held_elsewhere(tmp_path / "lock"),
        pytest.raises(OutputError, match="built by another puppyslug"),
    ):
        Drawings(tmp_path, toy_job(toy))


def test_a_full_disk_loses_nothing(tmp_path, toy, monkeypatch):
    drawings = Drawings(tmp_path / "a", toy_job(toy))
    synced, written = os.fsync, []

    def full(descriptor):
        written.append(descriptor)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left.*free some space; the same command"):
        list(build(drawings, toy, toy))
    monkeypatch.undo()
    drawings.close()
    assert not [path for path in (tmp_path / "a").rglob("*") if path.name.startswith(".")]
    resumed = Drawings(tmp_path / "a", toy_job(toy))
    assert len(resumed.missing()) == 2
    resumed.close()
    resumed = contents(built(tmp_path / "a", toy).folder)
    assert resumed == contents(built(tmp_path / "b", toy).folder)


def test_classes_are_portrayed_by_their_names(toy):
    assert str(objective_of(toy, "labels", 1)) == "see(goldfish)"
    assert str(objective_of(toy, "relu2", 1)) == "relu2:1"


def test_likeness_is_numpys_correlation():
    generator = np.random.default_rng(2)
    answers = generator.gamma(1, 1, (9, 9)).astype(np.float32)
    expected = np.corrcoef(np.sqrt(answers), rowvar=False)
    found = neighbours(torch.from_numpy(answers))
    for number, near in enumerate(found):
        others = [n for n in np.argsort(-expected[number]) if n != number][:8]
        assert [n.number for n in near] == others
        assert [n.likeness for n in near] == pytest.approx(expected[number][others], abs=1e-3)


def test_who_is_beaten_is_counted():
    answers = torch.tensor([[3.0, 9.0, 1.0], [2.0, 5.0, 7.0], [4.0, 6.0, 8.0]])
    assert beaten_by(answers) == [1, 2, 0]


def test_search_knows_groups_and_adds_up_what_is_meant(tmp_path):
    hounds = entry(0, (161, "basset", 0.3), (162, "beagle", 0.3), (281, "tabby", 0.4))
    cat = entry(1, (281, "tabby", 0.9), (161, "basset", 0.05))
    castle = entry(2, (483, "castle", 0.8), (162, "beagle", 0.01))
    atlas = Atlas(tmp_path, index_of([hounds, cat, castle]))
    assert [(one.number, round(p, 2)) for one, p in atlas.search("dog")] == [(0, 0.6), (1, 0.05)]
    assert [one.number for one, _ in atlas.search("cat")] == [1, 0]
    assert [one.number for one, _ in atlas.search("castl")] == [2]
    assert atlas.search("xyzzy") == []


def test_a_class_is_found_by_its_name_before_all_others(tmp_path):
    sure_other = entry(0, (1, "goldfish", 0.99), name="tench")
    unsure_own = entry(1, (0, "tench", 0.5), name="goldfish")
    atlas = Atlas(tmp_path, index_of([sure_other, unsure_own], layer="labels"))
    assert [one.number for one, _ in atlas.search("goldfish")] == [1, 0]


def test_words_stand_for_themselves_where_no_vocabulary_is_known():
    assert names_of(" My Dog ", "") == "my dog"
    assert "beagle" in names_of("dog", "imagenet")


def test_an_index_reads_back_as_it_was_written(tmp_path):
    near = (Neighbour(number=0, likeness=0.5),)
    index = index_of([entry(0, (1, "goldfish", 0.5)).model_copy(update={"neighbours": near})])
    index.write(tmp_path)
    assert Index.read(tmp_path) == index


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", "\x00", "[" * 100_000, '{"entries": []}'],
)
def test_a_damaged_index_is_said(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(AtlasError, match="damaged, or no index"):
        Atlas(tmp_path)


def test_damage_of_any_kind_is_said(tmp_path, toy):
    folder = built(tmp_path / "a", toy).folder
    good = json.loads((folder / FILE).read_text())
    for change in (
        {"weights": "../../etc"},
        {"size": -1},
        {"size": "32"},
        {"entries": good["entries"][1:]},
        {"surprise": 1},
    ):
        (folder / FILE).write_text(json.dumps({**good, **change}))
        with pytest.raises(AtlasError, match="damaged"):
            Atlas(folder)
    (folder / FILE).write_text(json.dumps({**good, "size": 16}))
    with pytest.raises(AtlasError, match="does not belong to its index"):
        Atlas(folder).portrait(0)
    (folder / FILE).write_text(json.dumps(good))
    (folder / PICTURE).write_bytes(b"RIFF")
    with pytest.raises(AtlasError, match="missing or damaged"):
        Atlas(folder).portrait(0)


def test_channels_out_of_range_are_said(tmp_path, toy):
    atlas = built(tmp_path / "a", toy)
    for number in (-1, 6):
        with pytest.raises(AtlasError, match=f"6 channels, 0 to 5, and no {number}"):
            atlas.portrait(number)


def test_an_atlas_is_found_by_network_layer_and_weights(shelf):
    known = find_spec("vgg19").known_sha256
    other, ours = (folder_name("vgg19", "relu5_2", weights) for weights in ("f" * 64, known))
    index_of([entry(0)], weights="f" * 64).write(_folder(shelf / other))
    with pytest.raises(AtlasError, match=f"weights ffffffff…, and these are {known[:8]}…"):
        find_atlas("vgg19", "relu5_2")
    index_of([entry(0)], weights=known).write(_folder(shelf / ours))
    assert find_atlas("vgg19", "relu5_2").folder == shelf / ours
    assert find_atlas("vgg19", "relu5_2", "f" * 64).folder == shelf / other
    (_folder(shelf / "damaged") / FILE).write_text("?")
    damaged = []
    assert {one.folder.name for one in list_atlases(damaged.append)} == {other, ours}
    assert len(damaged) == 1
    with pytest.raises(UnbuiltError, match="'puppyslug atlas build vgg19 relu5_1' draws it"):
        find_atlas("vgg19", "relu5_1")


def _folder(path):
    path.mkdir(parents=True)
    return path


def test_an_ensembles_weights_are_known_before_it_is_loaded():
    for name in ("vgg19", "efficientnet_lite0+efficientnet_lite1"):
        assert find_spec(name).known_sha256 == load_network(name).weights_sha256
    assert find_spec("resnet50").known_sha256.startswith("0676ba61")
    assert find_spec("googlenet").known_sha256 == ""  # only a SHA-1 was published


def test_an_estimate_grows_with_the_work(toy):
    job = plan(toy, "relu2", size=64, steps=50)
    assert estimate_seconds(toy, job, 100) > 0
    assert estimate_seconds(toy, job, 0) == 0


def test_the_page_is_whole_by_itself(tmp_path, toy):
    atlas = built(tmp_path / "a", toy)
    text = (atlas.folder / "index.html").read_text()
    assert not re.search(r"(?:src|href)\s*=|https?://|@import", text)
    data = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text)[1])
    assert [one["number"] for one in data["entries"]] == list(range(6))
    assert "puppyslug dream PHOTO.jpg --network toy --layer relu2 --channel 3" in text


def test_a_name_of_ones_own_cannot_break_the_page(tmp_path, toy):
    evil = "</script><script>alert(1)</script>"
    folder = built(tmp_path / "a", toy).folder
    good = json.loads((folder / FILE).read_text())
    good["entries"][0]["name"] = good["network"] = evil
    (folder / FILE).write_text(json.dumps(good))
    save_page(Atlas(folder), tmp_path / "page.html")
    assert "<script>alert" not in (tmp_path / "page.html").read_text()


def test_a_sheet_of_atlases_of_two_sizes(tmp_path, toy):
    one, other = built(tmp_path / "a", toy), built(tmp_path / "b", toy, size=48)
    save_sheet([(one, one.entry(0)), (other, other.entry(5))], tmp_path / "s.png")
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.width > 2 * 48


def test_the_commands(tmp_path, monkeypatch, capsys, shelf):
    monkeypatch.chdir(tmp_path)
    command = ["atlas", "build", "vgg19", "relu1_1", "--size", "16", "--steps", "1"]
    assert main(["atlas"]) == 0
    assert "build" in capsys.readouterr().out
    assert main(["atlas", "show", "vgg19", "relu1_1"]) == 1
    assert re.search(r"'puppyslug atlas build vgg19 relu1_1' draws it, in about \d+ (s|min)",
                     capsys.readouterr().err)  # fmt: skip
    assert main([*command, "--classifier", "efficientnet_lite0"]) == 0
    shown = capsys.readouterr()
    assert re.match(r"64 portraits of 16×16 to draw: about \d+ (s|min)", shown.err)
    (folder,) = shelf.iterdir()
    assert shown.out.split() == [str(folder / "sheet.png"), str(folder / "index.html")]
    assert main(command) == 0
    assert "here already; --force" in capsys.readouterr().err
    assert main(["atlas", "show"]) == 0
    assert re.search(r"vgg19 +relu1_1 +64 +16 ", capsys.readouterr().out)
    assert main(["atlas", "show", "vgg19", "relu1_1", "3", "60", "-o", "s.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["number", "3", "60", "s.png"]
    assert main(["atlas", "show", "vgg19", "relu1_1", "-o", "s.html"]) == 0
    assert capsys.readouterr().out == "s.html\n"
    assert main(["atlas", "like", "relu1_1:7", "-o", "l.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["1.00", "7"]
    assert len(lines) == 1 + 9 + 1
    assert main(["atlas", "search", "animal", "--layer", "relu1_1", "--top", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    for arguments, said in (
        (["show", "vgg19", "relu1_1", "64"], "64 channels, 0 to 63"),
        (["show", "vgg19", "relu9"], "no layer"),
        (["show", "nothing"], "no atlas of nothing"),
        (["show", "vgg19", "relu1_1", "-o", "s.png"], "exists"),
        (["show", "vgg19", "relu1_1", "-o", "s.html"], "exists"),
        (["like", "dog"], "no channel"),
        (["like", "relu1_1:99"], "no 99"),
        (["search", "xyzzy"], "no portrait in vgg19 relu1_1 looks like 'xyzzy'"),
        (["search", "dog", "--layer", "relu3_3"], "no atlas of relu3_3"),
        (["build", "vgg19", "relu9"], "no layer"),
        (["build", "efficientnet_lite0", "labels", "--size", "16"], "take a larger size"),
        (["build", "vgg19", "relu1_1", "--classifier", "vgg19"], "knows no classes"),
    ):
        assert main(["atlas", *arguments]) == 1, arguments
        assert said in capsys.readouterr().err


@pytest.mark.slow
def test_a_build_that_is_killed_at_any_moment_ends_equal(tmp_path):
    command = [sys.executable, "-m", "puppyslug", "atlas", "build", "vgg19", "relu1_1"]
    command += ["--size", "32", "--steps", "8", "--classifier", "efficientnet_lite0", "--quiet"]

    def start(data):
        environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / data)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def portraits(data):
        return len(list((tmp_path / data).rglob("*.png")))

    assert start("whole").wait() == 0
    for kept in (1, 20, 40):
        with start("killed") as process:
            while portraits("killed") < kept and process.poll() is None:
                time.sleep(0.01)
            process.kill()
        assert process.returncode == -signal.SIGKILL  # it was not done yet
        assert portraits("killed") >= kept
    assert start("killed").wait() == 0
    (whole,), (killed,) = (
        (tmp_path / data / "puppyslug/atlases").iterdir() for data in ("whole", "killed")
    )
    assert contents(killed) == contents(whole)
