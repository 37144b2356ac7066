"""Building of atlases: complete results, and builds that are interrupted."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from puppyslug.errors import OutputError
from puppyslug.files import atomic
from puppyslug.visualization.atlas.builder import build_atlas, load_portraits
from puppyslug.visualization.atlas.portrait_cache import PortraitCache
from puppyslug.visualization.atlas.similarity import mean_activations, portrait_ranks
from support.atlases import build_toy_atlas, file_contents, toy_plan


def test_a_complete_atlas_has_captions_and_neighbours(tmp_path, toy):
    atlas = build_toy_atlas(tmp_path / "atlas", toy)
    assert [entry.number for entry in atlas.index.entries] == list(range(6))
    for entry in atlas.index.entries:
        assert len(entry.guesses) == 8
        assert sum(guess.probability for guess in entry.guesses) == pytest.approx(1, abs=1e-3)
        others = [number for number in range(6) if number != entry.number]
        assert sorted(neighbour.number for neighbour in entry.neighbours) == others
        similarities = [neighbour.similarity for neighbour in entry.neighbours]
        assert similarities == sorted(similarities, reverse=True)
    ranks = portrait_ranks(mean_activations(toy, "relu2", load_portraits(atlas)))
    assert [entry.rank for entry in atlas.index.entries] == ranks


def test_a_complete_atlas_consists_of_four_files(tmp_path, toy):
    folder = build_toy_atlas(tmp_path / "atlas", toy).folder
    names = {"atlas.json", "portraits.webp", "sheet.png", "index.html"}
    assert names <= set(file_contents(folder))
    assert not (folder / "portraits").exists()


def test_progress_increases_to_the_end(tmp_path, toy):
    cache = PortraitCache(tmp_path / "atlas", toy_plan())
    fractions = [progress.fraction for progress in build_atlas(cache, toy, toy)]
    cache.close()
    assert fractions == sorted(fractions)
    assert fractions[0] > 0 and fractions[-1] <= 1


@pytest.mark.parametrize("stop_after", [1, 4, 7])
def test_an_interrupted_build_resumes_to_the_same_files(tmp_path, toy, stop_after):
    uninterrupted = file_contents(build_toy_atlas(tmp_path / "whole", toy).folder)
    cache = PortraitCache(tmp_path / "interrupted", toy_plan())
    for number, _ in enumerate(build_atlas(cache, toy, toy)):
        if number == stop_after:
            break
    cache.close()
    kept = sum(path.suffix == ".png" for path in (tmp_path / "interrupted/portraits").iterdir())
    assert kept == stop_after // 3 * 2
    resumed = PortraitCache(tmp_path / "interrupted", toy_plan())
    assert sum(map(len, resumed.missing_batches())) == 6 - kept
    resumed.close()
    assert file_contents(build_toy_atlas(tmp_path / "interrupted", toy).folder) == uninterrupted


def test_a_build_resumes_after_a_full_disk(tmp_path, toy, monkeypatch):
    cache = PortraitCache(tmp_path / "atlas", toy_plan())
    fsync, calls = os.fsync, []

    def fail_after_three(descriptor):
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", fail_after_three)
    with pytest.raises(OutputError, match=r"No space left.*resume"):
        list(build_atlas(cache, toy, toy))
    monkeypatch.undo()
    cache.close()
    assert not [path for path in (tmp_path / "atlas").rglob("*") if path.name.startswith(".")]
    resumed = PortraitCache(tmp_path / "atlas", toy_plan())
    assert len(resumed.missing_batches()) == 2
    resumed.close()
    resumed_files = file_contents(build_toy_atlas(tmp_path / "atlas", toy).folder)
    assert resumed_files == file_contents(build_toy_atlas(tmp_path / "other", toy).folder)


def test_portraits_are_loaded_as_tensors(tmp_path, toy):
    portraits = load_portraits(build_toy_atlas(tmp_path / "atlas", toy))
    assert len(portraits) == 6
    assert all(portrait.shape == (1, 3, 32, 32) for portrait in portraits)
    assert all(0 <= portrait.min() <= portrait.max() <= 1 for portrait in portraits)
    assert not torch.equal(portraits[0], portraits[1])


@pytest.mark.slow
def test_a_build_that_is_killed_resumes_to_the_same_files(tmp_path):
    command = [sys.executable, "-m", "puppyslug", "atlas", "build", "vgg19", "relu1_1"]
    command += ["--size", "32", "--steps", "8", "--classifier", "efficientnet_lite0", "--quiet"]

    def start(data):
        environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / data)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def portraits(data):
        return len(list((tmp_path / data).glob("puppyslug/atlases/*/portraits/*.png")))

    assert start("whole").wait() == 0
    for kept in (1, 20, 40):
        with start("killed") as process:
            while portraits("killed") < kept and process.poll() is None:
                time.sleep(0.01)
            process.kill()
        assert process.returncode == -signal.SIGKILL  # it was not finished yet
        assert portraits("killed") >= kept
    assert start("killed").wait() == 0
    (whole,), (killed,) = (
        (tmp_path / data / "puppyslug/atlases").iterdir() for data in ("whole", "killed")
    )
    assert file_contents(killed) == file_contents(whole)
