"""The API of dreams, against a running server: submit, watch, change, control, derive."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from puppyslug.recipe import Recipe
from support.studios import LONG, QUICK, assert_rejected, random_picture, recipe_in


def test_a_photo_becomes_a_dream_with_its_recipe_inside(studio):
    photo = random_picture((80, 60))
    job_id = studio.dream({**QUICK, "size": "64"}, photo=("my cat.png", photo))
    events = list(studio.events(job_id))
    assert events[-1]["status"] == "done"
    assert (events[-1]["width"], events[-1]["height"]) == (64, 48)
    response = studio.client.get(f"/api/dreams/{job_id}/image", params={"download": True})
    disposition = response.headers["content-disposition"].replace("%20", " ")
    assert "my cat.dream.png" in disposition
    recipe = recipe_in(response.content)
    assert recipe["objective"] == "relu1_1"
    assert recipe["photo"]["name"] == "my cat.png"
    assert Recipe.complete(recipe).to_json() == json.dumps(recipe)
    assert recipe == studio.client.get(f"/api/dreams/{job_id}/recipe").json()
    for resource in ("before", "thumbnail", "preview"):
        small = studio.client.get(f"/api/dreams/{job_id}/{resource}")
        assert Image.open(io.BytesIO(small.content)).format == "JPEG"
    assert studio.client.get(f"/api/dreams/{job_id}/photo").content == photo


def test_the_command_line_renders_the_same_picture(studio, tmp_path):
    job_id = studio.dream(QUICK)
    studio.wait(job_id, "done")
    path = tmp_path / "dream.png"
    path.write_bytes(studio.client.get(f"/api/dreams/{job_id}/image").content)
    command = [sys.executable, "-m", "puppyslug", "redo", str(path), "--quiet"]
    redone = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(redone).read_bytes() == path.read_bytes()


def test_mask_and_guide_pictures_are_used(studio):
    mask = np.zeros((60, 80), np.uint8)
    mask[:, :40] = 255
    data = io.BytesIO()
    Image.fromarray(mask).save(data, "PNG")
    photo = random_picture((80, 60), "BMP")
    job_id = studio.dream(
        {"octaves": 1, "iterations": 3, "layer": "relu2_1", "size": "full"},
        photo=("a.bmp", photo),
        mask=("m.png", data.getvalue()),
        guide=("flowers x.jpg", random_picture((70, 70), "JPEG", seed=3)),
    )
    dream = studio.wait(job_id, "done")
    assert dream["recipe"]["objective"] == 'patches("flowers x.jpg", relu2_1)'
    before, after = np.asarray(Image.open(io.BytesIO(photo))), np.asarray(studio.image(job_id))
    assert (before[:, 40:] == after[:, 40:]).all()
    assert (before[:, :38] != after[:, :38]).any()


def test_a_changed_dream_can_be_dreamt_again(studio):
    settings = {**LONG, "iterations": 150}
    unchanged = studio.dream(settings)
    studio.wait(unchanged, "done")
    changed = studio.dream(settings)
    studio.wait_for_step(changed)
    response = studio.command(changed, "steer", layer="relu2_1", step_size=4, strength=0.8)
    assert response.status_code == 200, response.text
    dream = studio.wait(changed, "done")
    assert {change[3] for change in dream["recipe"]["schedule"]} == {"objective", "step_size"}
    assert dream["recipe"]["strength"] == 0.8
    one, other = (np.asarray(studio.image(job_id), float) for job_id in (unchanged, changed))
    assert np.abs(one - other).mean() > 2
    again = studio.command(changed, "again").json()["id"]
    studio.wait(again, "done")
    assert studio.image(again).tobytes() == studio.image(changed).tobytes()


def test_invalid_changes_are_rejected_and_the_dream_continues(studio):
    job_id = studio.dream(LONG)
    studio.wait_for_step(job_id)
    for changes, part in (({"octaves": 3}, "octaves"), ({"step_size": -1}, "step_size")):
        assert_rejected(studio.command(job_id, "steer", **changes), 422, part)
    assert studio.get(job_id)["status"] == "running"
    assert_rejected(studio.command(job_id, "again", feed=True), 409)
    assert_rejected(studio.client.delete(f"/api/dreams/{job_id}"), 409, "cancel")
    studio.command(job_id, "cancel")
    studio.wait(job_id, "cancelled")
    assert studio.client.delete(f"/api/dreams/{job_id}").status_code == 204


def test_pause_resume_and_stop(studio):
    job_id = studio.dream(LONG)
    studio.wait_for_step(job_id)
    assert studio.command(job_id, "pause").status_code == 200
    studio.wait(job_id, "paused")
    progress = studio.get(job_id)["progress"]
    time.sleep(0.3)
    assert studio.get(job_id)["progress"] == progress
    studio.command(job_id, "resume")
    studio.wait(job_id, "running")
    studio.command(job_id, "stop")
    dream = studio.wait(job_id, "done")
    assert 0 < dream["recipe"]["stop_after"] < 40_000
    data = studio.client.get(f"/api/dreams/{job_id}/image").content
    assert recipe_in(data)["stop_after"] == dream["recipe"]["stop_after"]
    for command in ("stop", "pause", "cancel", "rerun"):
        assert_rejected(studio.command(job_id, command), 409, "done")


def test_a_dream_is_cancelled_while_queued_running_or_loading(studio):
    running, queued = studio.dream(LONG), studio.dream(QUICK)
    assert studio.get(queued)["position"] == 1
    studio.command(queued, "cancel")
    assert studio.get(queued)["status"] == "cancelled"
    studio.wait_for_step(running)
    studio.command(running, "cancel")
    studio.wait(running, "cancelled")
    studio.workers()[0].suspend()  # does not react, as while it loads a large network
    loading = studio.dream(QUICK)
    studio.wait(loading, "running")
    studio.command(loading, "cancel")
    studio.wait(loading, "cancelled")
    assert studio.command(loading, "rerun").status_code == 200
    studio.wait(loading, "done")


def test_dreams_are_derived_from_a_dream(studio):
    photo = random_picture((96, 64))
    job_id = studio.dream({**QUICK, "size": "96"}, photo=("p.png", photo))
    studio.wait(job_id, "done")
    fed = studio.wait(studio.command(job_id, "again", feed=True).json()["id"], "done")
    assert fed["parent"] == job_id
    assert (fed["photo"]["name"], fed["width"]) == ("p.dream.png", 96)
    seed = studio.wait(studio.command(job_id, "again", recipe={"seed": 9}).json()["id"], "done")
    assert (seed["recipe"]["seed"], seed["photo"]["name"]) == (9, "p.png")
    assert seed["recipe"]["weights"] == studio.get(job_id)["recipe"]["weights"]
    larger = studio.wait(studio.command(job_id, "again", size="192").json()["id"], "done")
    assert (larger["width"], larger["height"]) == (192, 128)
    assert larger["recipe"]["composed"] == "96x64"
    studio.client.delete(f"/api/dreams/{job_id}")
    assert studio.client.get(f"/api/dreams/{job_id}").status_code == 404
    assert job_id not in studio.files()
    assert studio.client.get(f"/api/dreams/{seed['id']}/photo").content == photo


def test_the_recipe_of_a_picture_applies_to_another_photo(studio):
    job_id = studio.dream({**QUICK, "jitter": 7})
    studio.wait(job_id, "done")
    data = studio.client.get(f"/api/dreams/{job_id}/image").content
    recipe = studio.client.post("/api/recipe", files={"dream": ("x.png", data)}).json()
    assert recipe["jitter"] == 7
    plain = studio.client.post("/api/recipe", files={"dream": ("x.png", random_picture())})
    assert plain.json() is None
    other = studio.wait(studio.dream(recipe, photo=("o.png", random_picture(seed=5))), "done")
    assert (other["recipe"]["jitter"], other["recipe"]["photo"]["name"]) == (7, "o.png")


@pytest.mark.parametrize("name", ["../../../etc/passwd", "C:\\x\\..\\y.png", "a/b\x00.png", ".."])
def test_file_names_are_never_paths(studio, name):
    photo = random_picture()
    job_id = studio.dream({**QUICK, "size": "64"}, photo=(name, photo, "text/html"))
    dream = studio.wait(job_id, "done")
    assert (studio.data / "dreams" / job_id / "photo.png").read_bytes() == photo
    assert "/" not in dream["title"]
    stored = studio.client.get(f"/api/dreams/{job_id}/photo")
    assert stored.headers["content-type"] == "image/png"
    download = studio.client.get(f"/api/dreams/{job_id}/image", params={"download": True})
    assert download.headers["content-type"] == "image/png"
    assert "/" not in download.headers["content-disposition"].replace("utf-8''", "")
