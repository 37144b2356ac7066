"""The path of a film: estimate, interruption and resumption."""

from dataclasses import replace
from fractions import Fraction

import pytest

from puppyslug.cli import film_job, main
from puppyslug.cli.film_job import FilmJob
from puppyslug.errors import OutputError
from puppyslug.recipe import InputFiles, Recipe
from puppyslug.video import assembly
from puppyslug.video.assembly import FilmLayout, render_parts
from puppyslug.video.checkpoint import FrameCheckpoint
from puppyslug.video.zoom import zoom_frames
from support.commands import list_files, run_failing

SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "1"]
ZOOM = ["zoom", "--size", "48x32", *SHORT, "--frames", "4", "-o", "z.mp4"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def interrupt_once(monkeypatch):
    """Interrupt the next film before its third frame is stored."""
    save = FrameCheckpoint.save
    interrupted = []

    def interrupt(self, number, frame, part=""):
        if number == 2 and not interrupted:
            interrupted.append(number)
            raise KeyboardInterrupt
        save(self, number, frame, part)

    monkeypatch.setattr(FrameCheckpoint, "save", interrupt)


@pytest.fixture
def job(folder):
    recipe = Recipe.complete({"objective": "relu1_1", "octaves": 1, "iterations": 1, "size": "48"})
    return FilmJob("zoom", folder / "z.mp4", recipe, quiet=True)


def test_an_estimate_is_printed_before_the_start(capsys):
    assert main(ZOOM) == 0
    estimate = capsys.readouterr().err
    assert "4 frames" in estimate
    assert "MB in z.mp4.frames" in estimate


def test_a_keyframe_after_the_last_frame_is_reported(capsys):
    assert main([*ZOOM, "--at", "0:step_size=1", "--at", "9s:step_size=2"]) == 0
    assert "225" in capsys.readouterr().err


def test_an_interrupted_film_resumes_with_the_same_command(folder, interrupt_once, capsys):
    assert main(ZOOM) == 130
    assert "2 of 4" in capsys.readouterr().err
    assert (folder / "z.mp4.frames" / "latest.png").is_file()
    assert main(ZOOM) == 0
    resumed = (folder / "z.mp4").read_bytes()
    assert list_files(folder) == {"z.mp4"}
    assert main([*ZOOM, "--force"]) == 0
    assert (folder / "z.mp4").read_bytes() == resumed


def test_an_interrupted_film_is_not_mixed_with_other_settings(folder, interrupt_once, capsys):
    assert main([*ZOOM, "--quiet"]) == 130
    line = run_failing(capsys, *ZOOM, "--quiet", "--seed", "5")
    assert "seed" in line
    assert "--force" in line


def test_a_damaged_resolved_recipe_names_the_remedy(job, folder, capsys):
    job.start("noise", InputFiles())
    (folder / "z.mp4.frames" / "resolved.json").write_text("{")
    with pytest.raises(OutputError, match=r"resolved\.json.*--force"):
        job.start("noise", InputFiles())


def test_a_resumed_film_keeps_what_its_first_run_has_resolved(job):
    _, first = job.start("noise", InputFiles())
    _, resumed = job.start("noise", InputFiles())
    assert resumed.recipe == first.recipe
    assert first.recipe.precision != "auto"


def test_a_film_that_cannot_be_prepared_leaves_no_checkpoint(job, folder):
    impossible = replace(job, recipe=job.recipe.with_settings({"memory": "1MB"}))
    with pytest.raises(Exception, match="101MB"):
        impossible.start("noise", InputFiles())
    assert list_files(folder) == set()


def test_too_little_disk_space_leaves_no_checkpoint(job, folder):
    checkpoint, prepared = job.start("noise", InputFiles())
    with pytest.raises(OutputError):
        job.print_estimate(checkpoint, prepared, 10**9, 0)
    assert list_files(folder) == set()


def test_interrupted_encoding_keeps_the_frames(job, folder, monkeypatch):
    checkpoint, prepared = job.start("noise", InputFiles())
    parts = [("", lambda state: zoom_frames(prepared, 2, state=state))]
    assert job.render(checkpoint, render_parts(checkpoint, parts), 2, 0)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(assembly, "encode_film", interrupt)
    assert (
        job.encode(checkpoint, checkpoint.load_frames(2), prepared, FilmLayout(Fraction(25))) == 130
    )
    assert checkpoint.frame_count() == 2


def test_the_time_per_frame_is_the_mean_over_the_objectives(toy, picture, monkeypatch):
    from support.toy_dreams import prepare_toy

    seconds = {"relu1": 1.0, "relu2": 3.0}
    monkeypatch.setattr(
        "puppyslug.engine.estimation.estimate_seconds", lambda one: seconds[one.recipe.objective]
    )
    prepared = prepare_toy(toy, picture, objective="relu1")
    assert film_job._estimate_seconds_per_frame(prepared) == 1.0
    recipe = prepared.recipe.model_copy(update={"schedule": ()})
    scheduled = recipe.with_scheduled_changes((1, 0, 0), {"objective": "relu2"})
    assert film_job._estimate_seconds_per_frame(replace(prepared, recipe=scheduled)) == 2.0
