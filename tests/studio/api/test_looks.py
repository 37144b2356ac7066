"""The API of saved looks: files in the data folder, names, pictures, who may change them."""

import io
import json

import pytest
from PIL import Image

from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.saved_looks import MAX_LOOKS
from support.studios import QUICK, assert_rejected, random_picture

SETTINGS = {**QUICK, "octaves": 2, "seed": 5, "strength": 0.5, "mask": "not face"}


@pytest.fixture
def dream(client, services):
    """A dream with a guide picture that is done, with a thumbnail that the test wrote."""
    settings = {**SETTINGS, "objective": 'patches("flowers.png", relu2_1)'}
    del settings["layer"]
    files = {"guide": ("flowers.png", random_picture((64, 64)))}
    form = {"recipe": json.dumps(settings)}
    response = client.post("/api/dreams", data=form, files=files)
    assert response.status_code == 201, response.text
    job_id = response.json()["id"]
    finish(services, job_id)
    return job_id


def finish(services, job_id):
    folder = services.folder.job_folder(job_id)
    Image.new("RGB", (40, 30), (200, 10, 10)).save(folder / "thumbnail.jpg")
    services.store.update(job_id, status=Status.DONE)


def save(client, dream, name="Flowers"):
    return client.post("/api/looks", json={"dream": dream, "name": name})


def test_a_look_keeps_what_applies_to_any_picture(client, services, dream):
    look = save(client, dream, "  My\u200b  flowers ").json()
    assert look["name"] == "My flowers"
    recipe = client.get(f"/api/dreams/{dream}/recipe").json()
    for name in ("objective", "octaves", "strength", "mask", "network", "preset"):
        assert look["settings"][name] == recipe[name]
    assert not {"photo", "seed", "size", "guides", "tile", "weights"} & look["settings"].keys()
    assert "owner" not in look
    assert client.get("/api/looks").json() == [look]
    stored = json.loads((services.folder.looks / look["id"] / "look.json").read_text())
    assert stored["settings"] == look["settings"]


def test_it_survives_its_dream_with_its_pictures(client, dream):
    guide = client.get(f"/api/dreams/{dream}/guides/1").content
    url = f"/api/looks/{save(client, dream).json()['id']}"
    assert client.delete(f"/api/dreams/{dream}").status_code == 204
    thumbnail = Image.open(io.BytesIO(client.get(f"{url}/thumbnail").content))
    assert thumbnail.size == (40, 30)
    assert client.get(f"{url}/guides/1").content == guide
    assert_rejected(client.get(f"{url}/guides/2"), 404, "2")


def test_another_picture_is_dreamt_with_a_look(client, services):
    job_id = client.post("/api/dreams", data={"recipe": json.dumps(SETTINGS)}).json()["id"]
    finish(services, job_id)
    settings = save(client, job_id).json()["settings"]
    form = {"recipe": json.dumps({**settings, "photo": "noise", "size": "64x48"})}
    dream = client.post("/api/dreams", data=form).json()
    first = client.get(f"/api/dreams/{job_id}/recipe").json()
    differs = {name for name in first if first[name] != dream["recipe"][name]}
    assert differs == {"photo", "seed"}


def test_looks_are_renamed_and_deleted(client, services, dream):
    one, other = (save(client, dream, name).json() for name in ("One", "Other"))
    url = f"/api/looks/{one['id']}"
    assert client.patch(url, json={"name": "Third"}).json()["name"] == "Third"
    assert client.patch(url, json={"name": "third"}).json()["name"] == "third"  # its own name
    assert_rejected(client.patch(url, json={"name": "OTHER"}), 409, "OTHER")
    assert [look["name"] for look in client.get("/api/looks").json()] == ["third", "Other"]
    assert client.delete(url).status_code == 204
    assert client.get("/api/looks").json() == [other]
    assert [path.name for path in services.folder.looks.iterdir()] == [other["id"]]
    assert_rejected(client.get(f"{url}/thumbnail"), 404)


def test_what_cannot_be_saved_is_rejected(client, services, dream):
    for name in ("", "  \u200b", "x" * 41):
        assert_rejected(save(client, dream, name), 422, "name")
    assert_rejected(save(client, "nonsense"), 404)
    assert_rejected(client.post("/api/looks", json={"dream": dream, "name": "a", "x": 1}), 422, "x")
    queued = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()["id"]
    assert_rejected(save(client, queued), 409, "result")
    services.folder.find_file(dream, "guide-1.png").unlink()
    assert_rejected(save(client, dream), 409, "flowers.png")
    assert list(services.folder.looks.iterdir()) == []


def test_the_number_of_looks_is_limited(client, dream, monkeypatch):
    monkeypatch.setattr("puppyslug.studio.jobs.saved_looks.MAX_LOOKS", 2)
    assert MAX_LOOKS > 50
    for name in "ab":
        assert save(client, dream, name).status_code == 201
    assert_rejected(save(client, dream, "c"), 409, "2")


def test_files_outside_and_damaged_files_are_ignored(client, services, dream):
    look = save(client, dream).json()
    folder = services.folder.looks
    (folder / "damaged-1").mkdir()
    (folder / "damaged-1" / "look.json").write_text("{")
    (folder / "linked-01").symlink_to(folder / look["id"])
    (folder / "stray.txt").write_text("")
    assert client.get("/api/looks").json() == [look]
    for name in ("damaged-1", "linked-01", "..%2F..%2Fdreams", "stray.txt"):
        assert_rejected(client.get(f"/api/looks/{name}/thumbnail"), 404)
