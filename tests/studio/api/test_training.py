"""The API of training jobs, without workers: drafts, classes, pictures, and what is rejected."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from puppyslug.studio.jobs.models import Status
from support.studios import QUICK, TrainingJob, assert_rejected, random_picture, shape_picture


@pytest.fixture
def job(client):
    return TrainingJob(client)


def complete_job(client, name):
    job = TrainingJob(client, name=name)
    for kind in ("stripes", "discs"):
        job.add_class(kind, *(shape_picture(kind, seed) for seed in range(3)))
    return job


def test_a_new_job_is_a_draft(client, job):
    view = job.get()
    assert (view["status"], view["name"], view["things"]) == ("draft", "", [])
    assert (view["outcome"], view["here"], view["position"]) == (None, False, None)
    assert [one["id"] for one in client.get("/api/lessons").json()] == [job.id]
    configured = job.configure(name="my pets", seed=5).json()
    assert (configured["name"], configured["seed"]) == ("my pets", 5)
    assert job.configure(seed=6).json()["name"] == "my pets"


def test_a_picture_of_16_bits_is_added(client, job):
    ramp, data = np.linspace(0, 65_535, 1200).astype(np.uint16)[None].repeat(900, 0), io.BytesIO()
    Image.fromarray(ramp).save(data, "PNG")
    number = job.add_class("dog", data.getvalue())
    (picture,) = client.get(f"{job.url}/pictures").json()
    assert (picture["width"], picture["height"]) == (1200, 900)
    thumbnail = client.get(f"{job.url}/things/{number}/pictures/{picture['file']}").content
    grey = np.asarray(Image.open(io.BytesIO(thumbnail)).convert("L"))
    assert 120 < grey.mean() < 135


def test_pictures_are_added_and_deleted(client, job, services):
    dog, cat = job.add_class("dog"), job.add_class("cat")
    data = random_picture((300, 200))
    (picture,) = job.upload(dog, data, "../../a dog.png").json()
    assert (picture["name"], picture["width"], picture["height"]) == ("a dog.png", 300, 200)
    assert job.upload(dog, data).json() == [picture]
    assert_rejected(job.upload(cat, data, "b.png"), 409, "b.png", "dog")
    folder = services.folder.class_folder(job.id, dog)
    assert (folder / picture["file"]).read_bytes() == data
    url = f"{job.url}/things/{dog}/pictures/{picture['file']}"
    thumbnail = Image.open(io.BytesIO(client.get(url).content))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (240, 160))
    assert client.get(f"{job.url}/pictures").json() == [picture]
    assert job.get()["bytes"] == len(data)
    assert client.delete(url).status_code == 204
    assert list(folder.iterdir()) == []
    assert job.get()["bytes"] == 0
    assert_rejected(client.delete(url), 404, picture["file"])
    for wrong in ("..%2f..%2fstudio.db", "%2e%2e", "x" * 300):
        assert client.get(url.rpartition("/")[0] + f"/{wrong}").status_code in {404, 422}


@pytest.mark.parametrize("data", [b"", b"no picture", random_picture()[:60], b"<svg/>"])
def test_files_that_are_not_pictures_are_rejected(job, data):
    number = job.add_class("dog")
    assert_rejected(job.upload(number, data, "dog.jpg"), 422, "dog.jpg")
    assert job.get()["things"][0]["count"] == 0


def test_class_names_are_unique(client, job):
    dog, cat = job.add_class("my dog"), job.add_class("cat")
    assert_rejected(job.request_class("My_Dog"), 409, "my dog")
    assert_rejected(job.rename_class(cat, "MY DOG"), 409, "my dog")
    assert job.rename_class(dog, "My Dog").json()["things"][0]["name"] == "My Dog"
    assert client.delete(f"{job.url}/things/{cat}").status_code == 200
    assert [one["name"] for one in job.get()["things"]] == ["My Dog"]
    assert_rejected(job.rename_class(cat, "cat"), 404, str(cat))


@pytest.mark.parametrize("name", ["a, b", "*", "!?", "x" * 61, "\ufffd"])
def test_invalid_class_names_are_rejected(job, name):
    assert_rejected(job.request_class(name), 422)
    assert job.get()["things"] == []


@pytest.mark.parametrize(
    "name", ["", " ", "../x", "a/b", "a+b", "x:y", ".hidden", "x" * 61, "a\x00b", "*", "-x"]
)
def test_invalid_network_names_are_rejected_and_create_no_job(client, services, name):
    assert_rejected(client.post("/api/lessons", json={"name": name}), 422)
    assert services.folder.is_empty
    assert services.store.ids() == set()


def test_an_incomplete_job_is_not_queued(job):
    assert_rejected(job.command("teach"), 422, "my pets")
    job.configure(name="few")
    assert_rejected(job.command("teach"), 422, "add one")
    number = job.add_class("dog", shape_picture("discs", 1))
    assert_rejected(job.command("teach"), 422, "dog", "1", "at least 3")
    job.rename_class(number, "")
    assert_rejected(job.command("teach"), 422, "class 1")
    job.rename_class(number, "None")
    assert_rejected(job.command("teach"), 422, "add one")
    assert job.get()["status"] == "draft"


def test_invalid_fields_are_rejected(job):
    for base in ("nonsense", "googlenet", "vgg19+googlenet", "os:getcwd", "pets.safetensors"):
        assert_rejected(job.configure(base=base), 422)
    for body in ({"nonsense": 1}, {"seed": -1}, {"seed": "x"}, {"name": 5}, []):
        assert_rejected(job.client.patch(job.url, json=body), 422)


def test_two_networks_cannot_have_the_same_name(client, services):
    (services.folder.networks / "pets.safetensors").write_bytes(b"trained")
    conflicting = complete_job(client, "PETS")
    assert_rejected(conflicting.command("teach"), 409, "pets", "another name")
    queued, other = complete_job(client, "cars"), complete_job(client, "Cars")
    assert queued.command("teach").json()["position"] == 1
    assert_rejected(other.command("teach"), 409, "another name")
    assert other.get()["status"] == "draft"


def test_a_queued_job_cannot_be_changed_until_it_is_cancelled(client):
    job = complete_job(client, "pets")
    job.command("teach")
    assert_rejected(job.command("teach"), 409, "queued")
    assert_rejected(job.configure(name="other"), 409, "queued", "cancel")
    assert_rejected(job.request_class("dog"), 409, "queued", "cancel")
    assert job.command("cancel").json()["status"] == "cancelled"
    assert job.configure(name="other").json()["name"] == "other"
    assert job.command("teach").json()["status"] == "queued"


def test_a_running_job_is_neither_changed_nor_deleted(client, services):
    job = complete_job(client, "pets")
    job.command("teach")
    services.store.start_next()
    assert_rejected(job.rename_class(1, "noise"), 409, "running", "cancel")
    assert_rejected(client.delete(job.url), 409, "cancel")
    services.store.update(job.id, status=Status.INTERRUPTED)
    assert client.delete(job.url).status_code == 204
    assert services.folder.is_empty


def test_dreams_and_training_jobs_are_different_resources(client, job):
    dream = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()["id"]
    assert_rejected(client.get(f"/api/lessons/{dream}"), 404)
    assert_rejected(client.get(f"/api/dreams/{job.id}"), 404)
    assert_rejected(client.post(f"/api/dreams/{job.id}/rerun"), 404)
    assert job.id not in [one["id"] for one in client.get("/api/dreams").json()]


def test_the_report_may_not_run_scripts(client, job, services):
    assert_rejected(client.get(f"{job.url}/report"), 404)
    (services.folder.job_folder(job.id) / "report.html").write_text("<p>report</p>")
    report = client.get(f"{job.url}/report")
    assert report.text == "<p>report</p>"
    assert "sandbox" in report.headers["content-security-policy"]
    assert "script" not in report.headers["content-security-policy"]
