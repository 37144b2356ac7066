"""``puppyslug dream --cluster``, with workers in this process."""

import contextlib
from pathlib import Path

import pytest

import puppyslug.cluster
from puppyslug.cli import main
from puppyslug.errors import ClusterError
from support.clusters import FakeBackend
from support.commands import list_files, read_recipe

SMALL = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "2"]
CLUSTER = ["--cluster", "auto"]


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    """The cluster that --cluster connects to."""
    backend = FakeBackend()
    monkeypatch.setattr(
        puppyslug.cluster, "connect", lambda address: contextlib.nullcontext(backend)
    )
    return backend


def test_several_images_are_dreamt_as_without_a_cluster(folder, backend, capsys):
    for name in ("local", "remote"):
        Path(name).mkdir()
    images = ["cat.png", "clouds", "cat.png"]
    small = [*SMALL, "--size", "48"]
    assert main(["dream", *images, *small, "-o", "local", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["dream", *images, *small, "-o", "remote", *CLUSTER]) == 0
    captured = capsys.readouterr()
    assert set(captured.out.split()) == {
        f"remote/{name}" for name in ("cat.dream.png", "cat.dream-2.png", "clouds.dream.png")
    }
    assert "3 images, 2 at the same time" in captured.err
    for path in Path("local").iterdir():
        assert (Path("remote") / path.name).read_bytes() == path.read_bytes()
    assert backend.running == []


def test_images_that_fail_do_not_stop_the_others(folder, capsys):
    Path("bad.jpg").write_text("not an image")
    assert main(["dream", "bad.jpg", "cat.png", "gone.png", *SMALL, *CLUSTER]) == 1
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert [name in line for name, line in zip(("bad.jpg", "gone.png"), errors, strict=True)] == [
        True,
        True,
    ]
    assert captured.out == "cat.dream.png\n"


def test_if_no_image_can_be_read_no_worker_is_started(folder, backend):
    assert main(["dream", "gone.png", "lost.png", *SMALL, *CLUSTER]) == 1
    assert backend.actors == []


def test_interrupted_dreams_keep_what_is_saved(folder, backend, capsys):
    calls = []

    def interrupt(number, method):
        calls.append(method)
        if len(calls) > 12:
            raise KeyboardInterrupt

    backend.fail = interrupt
    backend.room = 1
    assert main(["dream", *["cat.png"] * 9, *SMALL, *CLUSTER]) == 130
    captured = capsys.readouterr()
    saved = captured.out.split()
    assert 1 <= len(saved) < 9
    assert f"{len(saved)} of 9" in captured.err
    assert list_files(folder) == {"cat.png", *saved}


def test_one_image_is_divided_into_tiles(folder, capsys):
    size = ["--size", "700x96", "--precision", "float32"]
    assert main(["dream", "clouds", *SMALL, *size, *CLUSTER, "-o", "tiles.png"]) == 0
    assert "2 workers" in capsys.readouterr().err
    assert read_recipe("tiles.png").tile != "whole"
    assert main(["redo", "tiles.png", "-o", "again.png", "--quiet"]) == 0
    assert Path("tiles.png").read_bytes() == Path("again.png").read_bytes()


def test_a_lost_cluster_is_reported_after_the_dream_is_saved(folder, backend, capsys):
    calls = []

    def fail(number, method):
        calls.append(method)
        if method == "next_item" and calls.count("next_item") > 6:
            raise ClusterError("the connection is lost")

    backend.fail = fail
    assert main(["dream", "clouds", *SMALL, "--size", "700x96", *CLUSTER]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1].startswith("error: ")
    assert captured.out == "clouds.dream.png\n"
    assert read_recipe("clouds.dream.png").stop_after == 1


def test_printing_a_recipe_needs_no_cluster(folder, backend, capsys):
    assert main(["dream", "cat.png", *SMALL, *CLUSTER, "--print-recipe"]) == 0
    assert '"objective": "relu1_1"' in capsys.readouterr().out
    assert backend.actors == []
