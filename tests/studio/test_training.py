"""Teaching in the studio: pictures in, a network out, dreams of its things; and what is refused."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from support.studios import QUICK, drawn, picture, studio_at

NETWORK = "pets.safetensors"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with studio_at(tmp_path_factory.mktemp("studio")) as running:
        yield running


class Lesson:
    """A lesson of a studio, from outside."""

    def __init__(self, studio, **fields):
        self.client = studio.client
        response = self.client.post("/api/lessons", json=fields)
        assert response.status_code == 201, response.text
        self.id = response.json()["id"]
        self.at = f"/api/lessons/{self.id}"

    def thing(self, name, *pictures):
        response = self.client.post(f"{self.at}/things", json={"name": name})
        assert response.status_code == 201, response.text
        number = response.json()["number"]
        for index, data in enumerate(pictures):
            sent = self.send(number, data, f"{name} {index}.png")
            assert sent.status_code == 201, sent.text
        return number

    def send(self, number, data, name="a.png"):
        files = {"picture": (name, data)}
        return self.client.post(f"{self.at}/things/{number}/pictures", files=files)

    def get(self):
        return self.client.get(self.at).json()

    def wait(self, *statuses, seconds=240):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            lesson = self.get()
            if lesson["status"] in statuses:
                return lesson
            assert lesson["status"] in {"queued", "running"}, lesson
            time.sleep(0.05)
        raise AssertionError(lesson)

    def begun(self):
        """Wait until it looks at pictures."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            now = self.get()["progress"]
            if now and now["fraction"] > 0:
                return
            time.sleep(0.02)
        raise AssertionError("it never began")

    def teach(self):
        response = self.client.post(f"{self.at}/teach")
        assert response.status_code == 200, response.text

    def refuses(self, response, status, *words):
        assert response.status_code == status, response.text
        detail = response.json()["detail"]
        assert "\n" not in detail
        assert all(word in detail for word in words), detail


def stripes_and_discs(studio, **fields):
    lesson = Lesson(studio, **fields)
    for kind in ("stripes", "discs"):
        lesson.thing(kind, *(drawn(kind, seed) for seed in range(4)))
    return lesson


@pytest.fixture(scope="module")
def pets(studio):
    """A lesson that was taught."""
    lesson = stripes_and_discs(studio, name="pets")
    nearly = io.BytesIO()
    Image.open(io.BytesIO(drawn("discs", 0))).save(nearly, "JPEG", quality=90)
    sent = lesson.send(lesson.get()["things"][0]["number"], nearly.getvalue(), "my twin.jpg")
    assert sent.status_code == 201
    lesson.teach()
    lesson.wait("done")
    return lesson


def test_a_lesson_tells_how_it_went(studio, pets):
    lesson = pets.get()
    outcome = lesson["outcome"]
    assert lesson["here"]
    assert (outcome["file"], outcome["things"]) == (NETWORK, ["discs", "stripes"])
    assert outcome["pictures"] == [4, 5]
    assert [len(row) for row in outcome["counts"]] == [3, 3, 3]
    assert outcome["reported"]
    assert any("only 4 pictures" in notice for notice in lesson["notices"])
    assert any("my twin.jpg" in notice for notice in lesson["notices"])
    assert str(studio.data) not in json.dumps(lesson)
    assert (studio.data / "networks" / NETWORK).is_file()
    report = studio.client.get(f"{pets.at}/report")
    assert "discs" in report.text
    assert str(studio.data) not in report.text
    assert "sandbox" in report.headers["content-security-policy"]
    given = studio.client.get(f"/api/networks/{NETWORK}")
    assert given.content == (studio.data / "networks" / NETWORK).read_bytes()


def test_its_things_are_dreamt_of(studio, pets):
    (mine,) = [n for n in studio.client.get("/api/networks").json() if n["name"] == NETWORK]
    assert (mine["things"], mine["here"]) == (["discs", "stripes"], True)
    asked = {"network": NETWORK, "q": "disc"}
    assert studio.client.get("/api/labels", params=asked).json()[0]["name"] == "discs"
    asked["q"] = "golden retriever"  # what it knew before
    assert studio.client.get("/api/labels", params=asked).json()[0]["name"] == asked["q"]
    recipe = {**QUICK, "network": NETWORK, "see": "discs", "size": "64x64"}
    del recipe["layer"]
    pets.refuses(studio.submit({**recipe, "see": "nonsense thing"}), 422, "nonsense thing")
    identity = studio.dream(recipe)
    dream = studio.wait(identity)
    assert dream["status"] == "done", dream["error"]
    assert dream["recipe"]["network"] == NETWORK
    again = studio.order(identity, "again", recipe={"seed": 5}).json()["id"]
    assert studio.wait(again)["status"] == "done"
    image = studio.client.get(f"/api/dreams/{identity}/image").content
    read = studio.client.post("/api/recipe", files={"dream": ("a.png", image)})
    assert read.json()["network"] == NETWORK
    assert pets.id not in [one["id"] for one in studio.client.get("/api/dreams").json()]


@pytest.mark.parametrize(
    "name",
    [
        "gone.safetensors",
        "/etc/gone.safetensors",
        "../../gone.safetensors",
        "C:\\x\\gone.safetensors",
        "efficientnet_lite0+gone.safetensors",
        "x" * 500 + ".safetensors",
    ],
)
def test_networks_are_only_those_of_the_studio(studio, name):
    for response in (
        studio.submit({"network": name, "photo": "clouds"}),
        studio.submit({"network": name, "see": "discs", "photo": "clouds"}),
        studio.client.get("/api/labels", params={"network": name[:200]}),
    ):
        assert response.status_code == 422, response.text
        assert "\n" not in response.json()["detail"]


def test_a_path_to_a_network_is_none(studio, pets, tmp_path):
    elsewhere = tmp_path / "elsewhere.safetensors"
    elsewhere.write_bytes((studio.data / "networks" / NETWORK).read_bytes())
    assert studio.submit({"network": str(elsewhere), "photo": "clouds"}).status_code == 422


def test_two_networks_have_two_names(studio, pets):
    other = stripes_and_discs(studio, name="PETS")
    other.refuses(studio.client.post(f"{other.at}/teach"), 409, "pets", "already")
    assert other.get()["status"] == "draft"


@pytest.mark.parametrize(
    "name", ["", " ", "../x", "a/b", "a+b", "x:y", ".hidden", "x" * 61, "a\x00b", "*", "-x"]
)
def test_networks_cannot_be_called_anything(studio, name):
    before = studio.files()
    response = studio.client.post("/api/lessons", json={"name": name})
    assert response.status_code == 422
    assert studio.files() == before


@pytest.mark.parametrize("name", ["a, b", "*", "!?", "x" * 61, "\ufffd"])
def test_things_cannot_be_called_anything(studio, name):
    lesson = Lesson(studio)
    lesson.refuses(studio.client.post(f"{lesson.at}/things", json={"name": name}), 422, "name")
    assert lesson.get()["things"] == []


def test_things_are_told_apart(studio):
    lesson = Lesson(studio)
    dog, cat = lesson.thing("my dog"), lesson.thing("cat")
    lesson.refuses(
        studio.client.post(f"{lesson.at}/things", json={"name": "My_Dog"}), 409, "my dog"
    )
    renamed = studio.client.patch(f"{lesson.at}/things/{cat}", json={"name": "MY DOG"})
    lesson.refuses(renamed, 409, "my dog")
    same = studio.client.patch(f"{lesson.at}/things/{dog}", json={"name": "My Dog"})
    assert same.json()["things"][0]["name"] == "My Dog"
    assert lesson.client.delete(f"{lesson.at}/things/{cat}").status_code == 200
    assert [thing["name"] for thing in lesson.get()["things"]] == ["My Dog"]


def test_pictures_come_and_go(studio):
    lesson = Lesson(studio)
    dog, cat = lesson.thing("dog"), lesson.thing("cat")
    data = picture((300, 200))
    (kept,) = lesson.send(dog, data, "../../a dog.png").json()
    assert (kept["name"], kept["width"], kept["height"]) == ("a dog.png", 300, 200)
    assert lesson.send(dog, data).json() == [kept]
    lesson.refuses(lesson.send(cat, data, "b.png"), 409, "b.png", "dog")
    home = studio.data / "dreams" / lesson.id / "things" / str(dog)
    assert (home / kept["file"]).read_bytes() == data
    at = f"{lesson.at}/things/{dog}/pictures/{kept['file']}"
    small = Image.open(io.BytesIO(studio.client.get(at).content))
    assert (small.format, small.size) == ("JPEG", (240, 160))
    assert studio.client.get(f"{lesson.at}/pictures").json() == [kept]
    assert lesson.get()["bytes"] == len(data)
    assert studio.client.delete(at).status_code == 204
    assert list(home.iterdir()) == []
    assert studio.client.delete(at).status_code == 404
    for wrong in ("..%2f..%2fstudio.db", "%2e%2e", "x" * 300):
        assert studio.client.get(at.rpartition("/")[0] + f"/{wrong}").status_code in {404, 422}


@pytest.mark.parametrize("data", [b"", b"no picture", picture()[:60], b"<svg/>"])
def test_what_is_no_picture_is_refused(studio, data):
    lesson = Lesson(studio)
    number = lesson.thing("dog")
    lesson.refuses(lesson.send(number, data, "dog.jpg"), 422, "dog.jpg")
    assert lesson.get()["things"][0]["count"] == 0


def test_what_is_missing_is_said(studio):
    lesson = Lesson(studio)
    asked = f"{lesson.at}/teach"
    lesson.refuses(studio.client.post(asked), 422, "no name")
    studio.client.patch(lesson.at, json={"name": "few"})
    lesson.refuses(studio.client.post(asked), 422, "nothing to teach")
    number = lesson.thing("dog", drawn("discs", 1))
    lesson.refuses(studio.client.post(asked), 422, "dog", "only 1 picture;")
    studio.client.patch(f"{lesson.at}/things/{number}", json={"name": ""})
    lesson.refuses(studio.client.post(asked), 422, "thing 1 has no name")
    studio.client.patch(f"{lesson.at}/things/{number}", json={"name": "None"})
    lesson.refuses(studio.client.post(asked), 422, "nothing to teach")
    for base in ("nonsense", "googlenet", "vgg19+googlenet", "os:getcwd", NETWORK):
        assert studio.client.patch(lesson.at, json={"base": base}).status_code == 422
    for body in ({"nonsense": 1}, {"seed": -1}, {"seed": "x"}, {"name": 5}, []):
        assert studio.client.patch(lesson.at, json=body).status_code == 422, body


def test_there_are_limits(tmp_path, monkeypatch):
    from puppyslug.errors import PuppyslugError
    from puppyslug.studio import Limits, Services
    from puppyslug.studio.jobs.uploads import read_picture

    monkeypatch.setattr("puppyslug.studio.workers.pool.Workers.start", lambda _: None)
    monkeypatch.setattr("puppyslug.studio.workers.pool.Workers.close", lambda _: None)
    sent = [read_picture("a.png", picture(seed=seed), most=10**6) for seed in range(3)]
    room = len(sent[0][0].data) * 2 + 100
    for limits, said in ((Limits(pictures=2), "2 pictures"), (Limits(lessons=room), "GB")):
        with Services.open(tmp_path / said.replace(" ", "-"), limits, 1) as services:
            lesson = services.lessons.begin()
            thing = services.lessons.add_thing(lesson.id, "dog")
            for one in sent[:2]:
                services.lessons.add_picture(lesson.id, thing.number, *one)
            with pytest.raises(PuppyslugError, match=said):
                services.lessons.add_picture(lesson.id, thing.number, *sent[2])


@pytest.mark.parametrize("name", ["nothing", "%2e%2e%2f", "x" * 39, "x" * 500, "a%00b"])
def test_unknown_ids(studio, name):
    at = f"/api/lessons/{name}"
    asked = [("GET", at), ("DELETE", at), ("PATCH", at)]
    asked += [("GET", f"{at}/{what}") for what in ("events", "report", "pictures")]
    asked += [("POST", f"{at}/{what}") for what in ("teach", "stop", "cancel", "dance", "things")]
    asked += [("GET", f"/api/networks/{name}"), ("DELETE", f"/api/networks/{name}")]
    for method, path in asked:
        response = studio.client.request(method, path, json={})
        assert 400 <= response.status_code < 500, (method, path)
        assert response.json()["detail"]


def test_a_dream_is_no_lesson(studio):
    dream, lesson = studio.dream(QUICK), Lesson(studio)
    assert studio.client.get(f"/api/lessons/{dream}").status_code == 404
    assert studio.client.get(f"/api/dreams/{lesson.id}").status_code == 404
    assert studio.order(lesson.id, "rerun").status_code == 404
    studio.wait(dream)


def test_cancelled_it_can_be_taught_again(studio, pets):
    lesson = stripes_and_discs(studio, name="cancelled")
    number = lesson.thing("grain", *(picture((90, 70), seed=seed) for seed in range(30)))
    lesson.teach()
    lesson.begun()
    changed = studio.client.patch(f"{lesson.at}/things/{number}", json={"name": "noise"})
    lesson.refuses(changed, 409, "running")
    assert studio.client.delete(lesson.at).status_code == 409
    assert studio.client.post(f"{lesson.at}/cancel").status_code == 200
    lesson.wait("cancelled", seconds=10)
    assert not (studio.data / "networks" / "cancelled.safetensors").exists()
    assert studio.client.delete(f"{lesson.at}/things/{number}").status_code == 200
    lesson.teach()
    seen = []
    with studio.client.stream("GET", f"{lesson.at}/events") as response:
        for line in response.iter_lines():
            if line.startswith("data:"):
                seen.append(json.loads(line.removeprefix("data:")))
                if (seen[-1]["progress"] or {}).get("stage", "").startswith("report"):
                    studio.client.post(f"{lesson.at}/stop")
    assert seen[-1]["status"] == "done", seen[-1]["error"]
    assert seen[-1]["outcome"]["things"] == ["discs", "stripes"]
    shares = [one["progress"]["fraction"] for one in seen if one["progress"]]
    assert shares == sorted(shares)
    assert studio.client.delete("/api/networks/cancelled.safetensors").status_code == 204
    assert not lesson.get()["here"]
    gone = studio.submit({"network": "cancelled.safetensors", "see": "discs", "photo": "clouds"})
    lesson.refuses(gone, 422, "cancelled.safetensors", "not in this studio")
    assert studio.client.delete(lesson.at).status_code == 204
    assert lesson.id not in studio.files()


def test_the_lesson_in_the_docs_works_as_written(studio, tmp_path):
    page = Path("docs/studio.md").read_text()
    client, lesson = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for kind in ("stripes", "discs"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for seed in range(3):
            (tmp_path / "pets" / kind / f"{seed}.png").write_bytes(drawn(kind, seed))
    opening = "".join(client.splitlines(keepends=True)[:4])
    text = (opening + lesson).replace("http://127.0.0.1:8000", studio.address.rstrip("/"))
    text = text.replace('"photo": "clouds"', '"photo": "clouds", "size": "64", "octaves": 1')
    subprocess.run([sys.executable, "-c", text], cwd=tmp_path, check=True)
    newest = studio.client.get("/api/dreams").json()[0]
    assert newest["recipe"]["network"] == "my pets.safetensors"
    assert studio.wait(newest["id"])["status"] == "done"


def test_what_a_killed_server_taught_waits_to_be_asked(tmp_path, pets):
    with studio_at(tmp_path) as first:
        lesson = stripes_and_discs(first, name="mine")
        lesson.thing("grain", *(picture((90, 70), seed=seed) for seed in range(30)))
        other = stripes_and_discs(first, name="waits")
        draft = Lesson(first)
        lesson.teach()
        other.teach()
        lesson.begun()
        first.end(signal.SIGKILL)
    with studio_at(tmp_path) as second:
        for one in (lesson, other, draft):
            one.client = second.client
        assert lesson.get()["status"] == "interrupted"
        assert draft.get()["status"] == "draft"
        lesson.client.post(f"{other.at}/cancel")
        other.wait("cancelled", "done")
        lesson.teach()
        lesson.begun()
        lesson.client.post(f"{lesson.at}/cancel")
        lesson.wait("cancelled")


def test_a_damaged_network_is_passed_by(studio, pets):
    path = studio.data / "networks" / "broken.safetensors"
    path.write_bytes(os.urandom(300))
    names = [one["name"] for one in studio.client.get("/api/networks").json()]
    assert NETWORK in names
    assert path.name not in names
    response = studio.submit({"network": path.name, "photo": "clouds"})
    assert response.status_code == 422
    path.unlink()
