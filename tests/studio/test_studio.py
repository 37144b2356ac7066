"""The studio's interface: dreams watched, steered and fetched; servers and workers killed."""

import io
import json
import operator
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from puppyslug.errors import OutputError
from puppyslug.recipe.recipe import Recipe
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.submission import Asked
from puppyslug.studio.limits import Limits
from puppyslug.studio.services import Services
from support.studios import LONG, QUICK, Studio, picture, recipe_in, studio_at

COMMAND = [sys.executable, "-m", "puppyslug", "studio", "--no-browser"]
first = operator.itemgetter(0)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with studio_at(tmp_path_factory.mktemp("studio")) as running:
        yield running


def test_a_photo_becomes_a_dream_with_its_recipe_inside(studio):
    photo = picture((80, 60))
    identity = studio.dream({**QUICK, "size": "64"}, photo=("my cat.png", photo))
    seen = list(studio.events(identity))
    assert seen[-1]["status"] == "done"
    assert (seen[-1]["width"], seen[-1]["height"]) == (64, 48)
    response = studio.client.get(f"/api/dreams/{identity}/image", params={"download": True})
    assert 'filename="my cat.dream.png"' in response.headers["content-disposition"].replace(
        "%20", " "
    ).replace("filename*=utf-8''my cat.dream.png", 'filename="my cat.dream.png"')
    recipe = recipe_in(response.content)
    assert recipe["objective"] == "relu1_1"
    assert recipe["photo"]["name"] == "my cat.png"
    assert Recipe.complete(recipe).to_json() == json.dumps(recipe)
    assert recipe == studio.client.get(f"/api/dreams/{identity}/recipe").json()
    for what in ("before", "thumbnail", "preview"):
        small = studio.client.get(f"/api/dreams/{identity}/{what}")
        assert Image.open(io.BytesIO(small.content)).format == "JPEG"
    assert studio.client.get(f"/api/dreams/{identity}/photo").content == photo


def test_what_the_command_line_makes_the_studio_makes_too(studio, tmp_path):
    identity = studio.dream(QUICK)
    studio.wait(identity, "done")
    path = tmp_path / "dream.png"
    path.write_bytes(studio.client.get(f"/api/dreams/{identity}/image").content)
    command = [sys.executable, "-m", "puppyslug", "redo", str(path), "--quiet"]
    again = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(again).read_bytes() == path.read_bytes()


def test_masks_and_guides_are_sent_along(studio):
    mask = np.zeros((60, 80), np.uint8)
    mask[:, :40] = 255
    data = io.BytesIO()
    Image.fromarray(mask).save(data, "PNG")
    photo = picture((80, 60), "BMP")
    identity = studio.dream(
        {"octaves": 1, "iterations": 3, "layer": "relu2_1", "size": "full"},
        photo=("a.bmp", photo),
        mask=("m.png", data.getvalue()),
        guide=("flowers x.jpg", picture((70, 70), "JPEG", seed=3)),
    )
    dream = studio.wait(identity, "done")
    assert dream["recipe"]["objective"] == 'guide("flowers x.jpg", relu2_1)'
    before, after = np.asarray(Image.open(io.BytesIO(photo))), np.asarray(studio.image(identity))
    assert (before[:, 40:] == after[:, 40:]).all()
    assert (before[:, :38] != after[:, :38]).any()


def test_steering_changes_the_picture_and_the_recipe_can_be_followed_again(studio):
    settings = {**LONG, "iterations": 150}
    plain = studio.dream(settings)
    studio.wait(plain, "done")
    steered = studio.dream(settings)
    studio.started(steered)
    changed = studio.order(steered, "steer", layer="relu2_1", step_size=4, strength=0.8)
    assert changed.status_code == 200, changed.text
    dream = studio.wait(steered, "done")
    fields = {change[3] for change in dream["recipe"]["schedule"]}
    assert fields == {"objective", "step_size"}
    assert dream["recipe"]["strength"] == 0.8
    one, other = (np.asarray(studio.image(which), float) for which in (plain, steered))
    assert np.abs(one - other).mean() > 2
    again = studio.order(steered, "again").json()["id"]
    studio.wait(again, "done")
    assert studio.image(again).tobytes() == studio.image(steered).tobytes()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "nothing to change"),
        ({"octaves": 3}, "cannot change while dreaming"),
        ({"layer": "nonsense"}, "no layer"),
        ({"see": "castle"}, "knows no classes"),
        ({"step_size": -1}, "step_size cannot be"),
        ({"step_size": "abc"}, "step_size cannot be"),
        ({"jitter": 1e9}, "jitter cannot be"),
        ({"layer": []}, "nothing to change"),
        ({"layer": 1.5}, "called by its name"),
        ({"objective": "relu1_1:9999"}, "9999"),
    ],
)
def test_steering_that_cannot_be_followed_is_refused_and_the_dream_goes_on(studio, changes, said):
    identity = studio.dream(LONG)
    studio.started(identity)
    response = studio.order(identity, "steer", **changes)
    assert response.status_code == 422
    assert said in response.json()["detail"]
    assert studio.get(identity)["status"] == "running"
    studio.order(identity, "cancel")
    studio.wait(identity, "cancelled")


def test_pause_go_on_and_stop_keeping_what_is_there(studio):
    identity = studio.dream(LONG)
    studio.started(identity)
    assert studio.order(identity, "pause").status_code == 200
    studio.wait(identity, "paused")
    still = studio.get(identity)["progress"]
    time.sleep(0.3)
    assert studio.get(identity)["progress"] == still
    studio.order(identity, "resume")
    studio.wait(identity, "running")
    studio.order(identity, "stop")
    dream = studio.wait(identity, "done")
    assert 0 < dream["recipe"]["stop_after"] < 40_000
    data = studio.client.get(f"/api/dreams/{identity}/image").content
    assert recipe_in(data)["stop_after"] == dream["recipe"]["stop_after"]
    for what in ("stop", "pause", "cancel", "rerun"):
        assert studio.order(identity, what).status_code == 409


def test_cancel_is_at_once_while_it_waits_loads_and_dreams(studio):
    dreaming, waiting = studio.dream(LONG), studio.dream(QUICK)
    assert studio.get(waiting)["position"] == 1
    studio.order(waiting, "cancel")
    assert studio.get(waiting)["status"] == "cancelled"
    studio.started(dreaming)
    studio.order(dreaming, "cancel")
    studio.wait(dreaming, "cancelled", seconds=1)
    worker = studio.workers()[0]
    worker.suspend()  # as deaf as if it were loading something large
    loading = studio.dream(QUICK)
    studio.wait(loading, "running")
    studio.order(loading, "cancel")
    studio.wait(loading, "cancelled", seconds=1)
    assert studio.order(loading, "rerun").status_code == 200
    studio.wait(loading, "done")


def test_a_worker_that_dies_takes_one_dream_along_at_most(studio):
    identity = studio.dream(LONG)
    studio.started(identity)
    studio.workers()[0].kill()
    assert "ended unexpectedly" in studio.wait(identity, "failed")["error"]
    studio.wait(studio.dream(QUICK), "done")
    shutil.rmtree(studio.data / "dreams" / (lost := studio.dream({**LONG, "iterations": 900})))
    assert studio.wait(lost, "failed")["error"]  # its folder is gone, so nothing can be written
    studio.wait(studio.dream(QUICK), "done")


def test_a_dream_has_its_time(tmp_path):
    limits = Limits(seconds=1)
    with Services.open(tmp_path, limits, 1) as services:
        settings = {name: value for name, value in LONG.items() if name != "photo"}
        dream = services.submissions.take(Asked({**settings, "photo": "clouds"}))
        services.workers.wake()
        deadline = time.monotonic() + 60
        while not services.store.get(dream.id).status.ended and time.monotonic() < deadline:
            time.sleep(0.05)
        ended = services.store.get(dream.id)
    assert ended.status is Status.DONE
    assert "stopped after 1 s" in ended.notices[-1]
    assert ended.recipe["stop_after"] > 0


def test_dream_on_another_seed_and_larger(studio):
    photo = picture((96, 64))
    identity = studio.dream({**QUICK, "size": "96"}, photo=("p.png", photo))
    studio.wait(identity, "done")
    on = studio.wait(studio.order(identity, "again", feed=True).json()["id"], "done")
    assert on["parent"] == identity
    assert (on["photo"]["name"], on["width"]) == ("p.dream.png", 96)
    seed = studio.wait(studio.order(identity, "again", recipe={"seed": 9}).json()["id"], "done")
    assert (seed["recipe"]["seed"], seed["photo"]["name"]) == (9, "p.png")
    assert seed["recipe"]["weights"] == studio.get(identity)["recipe"]["weights"]
    larger = studio.wait(studio.order(identity, "again", size="192").json()["id"], "done")
    assert (larger["width"], larger["height"]) == (192, 128)
    assert larger["recipe"]["composed"] == "96x64"
    studio.client.delete(f"/api/dreams/{identity}")
    assert studio.client.get(f"/api/dreams/{identity}").status_code == 404
    assert identity not in studio.files()
    assert studio.client.get(f"/api/dreams/{seed['id']}/photo").content == photo


def test_a_zoom_is_a_film(studio):
    form = {"recipe": json.dumps(QUICK), "kind": "zoom", "frames": "6", "fps": "12"}
    identity = studio.client.post("/api/dreams", data=form).json()["id"]
    assert studio.order(identity, "steer", step_size=2).status_code == 409
    dream = studio.wait(identity, "done")
    assert dream["frames"] == 6
    film = studio.client.get(f"/api/dreams/{identity}/film").content
    with av.open(io.BytesIO(film)) as container:
        assert container.streams.video[0].average_rate == 12
        assert sum(1 for _ in container.decode(video=0)) == 6
    assert studio.image(identity).size == (64, 48)
    assert not (studio.data / "dreams" / identity / "film.mp4.frames").exists()


def test_the_gallery_searches_and_turns_pages(studio):
    ids = [studio.dream({**QUICK, "layer": f"relu2_{1 + n % 2}"}) for n in range(5)]
    for identity in ids:
        studio.wait(identity, "done")
    found = studio.client.get("/api/dreams", params={"words": "RELU2_2 clouds"}).json()
    assert [one["id"] for one in found] == [ids[3], ids[1]]
    first = studio.client.get("/api/dreams", params={"limit": 3}).json()
    assert [one["id"] for one in first] == ids[:1:-1]
    older = studio.client.get("/api/dreams", params={"limit": 2, "before": ids[2]}).json()
    assert [one["id"] for one in older] == ids[1::-1]


def test_what_there_is_to_choose_from(studio):
    networks = {one["name"]: one for one in studio.client.get("/api/networks").json()}
    assert networks["vgg19"]["here"]
    assert networks["vgg19"]["layers"][0]["name"] == "conv1_1"
    labels = studio.client.get("/api/labels", params={"q": "retriever"}).json()
    assert labels[0] == {
        "name": "retriever", "also": [], "group": True, "members": 5, "number": 205,
    }  # fmt: skip
    asked = {"network": "vgg19", "layer": "relu5_2"}
    every = studio.client.get("/api/atlas", params=asked).json()
    dogs = studio.client.get("/api/atlas", params={**asked, "q": "dog"}).json()
    assert len(every["entries"]) == every["count"] == 512 > len(dogs["entries"]) > 5
    unbuilt = studio.client.get("/api/atlas", params={**asked, "layer": "relu1_1"})
    assert unbuilt.status_code == 422
    assert "puppyslug atlas build vgg19 relu1_1" in unbuilt.json()["detail"]
    settings = studio.client.get("/api/settings").json()
    assert settings["fields"]["step_size"]["usual"] == [0.1, 10, 0.1]
    assert settings["fields"]["iterations"]["default"] == Recipe.model_fields["iterations"].default
    schema = studio.client.get("/api/openapi.json").json()
    documented = Path("docs/studio.md").read_text()
    for path, methods in schema["paths"].items():
        assert path.removeprefix("/api") in documented, path
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), (method, path)


def test_a_dream_of_elsewhere_brings_its_recipe(studio):
    identity = studio.dream({**QUICK, "jitter": 7})
    studio.wait(identity, "done")
    data = studio.client.get(f"/api/dreams/{identity}/image").content
    recipe = studio.client.post("/api/recipe", files={"dream": ("x.png", data)}).json()
    assert recipe["jitter"] == 7
    plain = studio.client.post("/api/recipe", files={"dream": ("x.png", picture())})
    assert plain.json() is None
    photo = picture(seed=5)  # its look, for another photo
    other = studio.wait(studio.dream(recipe, photo=("o.png", photo)), "done")
    assert (other["recipe"]["jitter"], other["recipe"]["photo"]["name"]) == (7, "o.png")


def test_the_client_in_the_docs_works_as_written(studio, tmp_path):
    page = Path("docs/studio.md").read_text()
    client, _ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(client.strip().splitlines()) <= 12
    (tmp_path / "cat.jpg").write_bytes(picture((96, 64), "JPEG"))
    text = client.replace("http://127.0.0.1:8000", studio.address.rstrip("/"))
    subprocess.run([sys.executable, "-c", text], cwd=tmp_path, check=True)
    assert "objective" in recipe_in((tmp_path / "cat.dream.png").read_bytes())


def test_a_killed_server_keeps_its_queue_and_its_workers_end(tmp_path):
    first = Studio(tmp_path / "data")
    ids = [first.dream({**LONG, "iterations": 150}), first.dream(QUICK), first.dream(QUICK)]
    first.started(ids[0])
    workers = first.workers()
    first.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive
    (tmp_path / "data/dreams/orphan").mkdir()
    (tmp_path / "data/dreams/orphan/photo.jpg").write_bytes(b"x")
    with studio_at(tmp_path / "data") as second:
        assert "orphan" not in second.files()
        dreams = [second.wait(identity, "done") for identity in ids]
        assert [one["attempts"] for one in dreams] == [2, 1, 1]
        ends = [one["ended"] for one in dreams]
        assert ends == sorted(ends)
        said = subprocess.run(
            [*COMMAND, "--port", "0", "--data", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (said.returncode, said.stdout) == (1, "")
        assert "another studio has" in said.stderr


def test_dreams_whose_store_is_gone_are_not_swept(tmp_path):
    with studio_at(tmp_path / "data") as studio:
        identity = studio.dream(QUICK)
        studio.wait(identity, "done")
    for path in (tmp_path / "data").glob("studio.db*"):
        path.unlink()
    with pytest.raises(OutputError, match="is gone; put it back"):
        Services.open(tmp_path / "data", Limits(), 1)
    assert (tmp_path / "data/dreams" / identity / "dream.png").exists()


def test_two_hundred_at_once_are_taken_in_order_or_told_to_come_back(tmp_path):
    room = Limits().queue
    with studio_at(tmp_path / "data") as studio:
        blocking = studio.dream(LONG)
        studio.started(blocking)
        photo = picture((640, 480), "JPEG")

        def send(number):
            with httpx.Client(base_url=studio.address, timeout=60) as client:
                recipe = json.dumps({**QUICK, "size": "64", "seed": number})
                files = {"photo": (f"{number}.jpg", photo)}
                return client.post("/api/dreams", data={"recipe": recipe}, files=files)

        with ThreadPoolExecutor(32) as pool:
            answers = [pool.submit(send, number) for number in range(200)]
            while not all(answer.done() for answer in answers):
                assert studio.client.get("/").status_code == 200
        responses = [answer.result() for answer in answers]
        taken = [one.json() for one in responses if one.status_code == 201]
        refused = [one for one in responses if one.status_code != 201]
        assert len(taken) == room
        assert {one.status_code for one in refused} == {429}
        assert all(int(one.headers["retry-after"]) > 0 for one in refused)
        positions = [studio.get(one["id"])["position"] for one in taken]
        assert sorted(positions) == list(range(1, room + 1))
        assert len(studio.files()) == room + 1
        order = [
            one["id"] for one in sorted(taken, key=lambda one: studio.get(one["id"])["position"])
        ]
        studio.order(blocking, "cancel")
        ended = [studio.wait(identity, "done")["ended"] for identity in order[:5]]
        assert ended == sorted(ended)


def test_the_oldest_make_room(tmp_path):
    with studio_at(tmp_path / "data", "--keep", "1B") as studio:
        ids = [studio.dream({**QUICK, "seed": number}) for number in range(3)]
        studio.wait(ids[-1], "done")
        assert [one["id"] for one in studio.client.get("/api/dreams").json()] == ids[-1:]
        assert studio.files() == ids[-1:]


def test_two_workers_dream_at_the_same_time(tmp_path):
    with studio_at(tmp_path / "data", "--workers", "2") as studio:
        ids = [studio.dream(LONG), studio.dream(LONG)]
        for identity in ids:
            studio.started(identity)
        assert len(studio.workers()) == 2
        assert {studio.get(identity)["status"] for identity in ids} == {"running"}


def test_beyond_this_machine_a_token_is_asked_for(tmp_path):
    with studio_at(tmp_path / "data", "--host", "0.0.0.0") as studio:
        address, _, token = studio.address.partition("/?token=")
        port = address.rpartition(":")[2]
        here = f"http://127.0.0.1:{port}"
        assert len(token) >= 32
        assert httpx.get(f"{here}/healthz").status_code == 200
        for path in ("/", "/api/dreams", "/static/studio.css", "/?token=wrong", "/?token="):
            response = httpx.get(here + path)
            assert response.status_code == 401
            assert "token" in response.json()["detail"]
        wrong = {"Authorization": "Bearer wrong"}
        assert httpx.get(f"{here}/api/dreams", headers=wrong).status_code == 401
        right = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{here}/api/dreams", headers=right).json() == []
        with httpx.Client(base_url=here) as client:
            first = client.get("/", params={"token": token})
            assert (first.status_code, first.headers["location"]) == (303, "/")
            cookie = first.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert client.get("/").status_code == 200
            away = client.get(f"{here}//evil.example/", params={"token": token})
            assert away.headers["location"] == "/evil.example/"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "256.1.2.3"], "nothing can listen at 256.1.2.3"),
        (["--host", "example.invalid"], "nothing can listen"),
        (["--keep", "much"], "--keep is 'much'"),
        (["--data", "file"], "cannot be"),
    ],
)
def test_what_cannot_be_opened_is_said_in_a_line(tmp_path, arguments, said):
    (tmp_path / "file").write_text("x")
    command = [*COMMAND, "--port", "0"]
    if "--data" not in arguments:
        arguments = [*arguments, "--data", "data"]
    result = subprocess.run(
        [*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr


def test_the_port_may_be_taken(studio):
    port = studio.address.rstrip("/").rpartition(":")[2]
    command = [*COMMAND, "--port", port]
    result = subprocess.run(
        [*command, "--data", str(studio.data / "x")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert f"port {port}" in result.stderr


def test_the_server_does_without_torch():
    code = "import sys, puppyslug.studio; print('torch' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    ).stdout
    assert shown == "False\n"
