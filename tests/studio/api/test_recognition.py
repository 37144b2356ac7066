"""The API of what a network sees, with the smallest classifier."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from puppyslug.recipe.defaults import CLASSIFIER
from puppyslug.recognition.classification import classify
from puppyslug.studio.workers.recogniser import Recogniser
from support.studios import QUICK, assert_rejected, shape_picture, shared_by_studios


@pytest.fixture(scope="module", autouse=True)
def recogniser():
    with shared_by_studios(Recogniser, "_create_recogniser") as shared:
        yield shared


@pytest.fixture
def dream(client, services):
    """A dream whose result was written by the test."""
    recipe = json.dumps({"network": CLASSIFIER, "layer": "block_0", "octaves": 1, "size": "64"})
    photo = {"photo": ("a.png", shape_picture("stripes", 1))}
    job_id = client.post("/api/dreams", data={"recipe": recipe}, files=photo).json()["id"]
    folder = services.folder.job_folder(job_id)
    Image.open(io.BytesIO(shape_picture("discs", 2))).save(folder / "dream.png")
    Image.open(io.BytesIO(shape_picture("stripes", 1))).save(folder / "before.jpg", quality=95)
    return job_id


def test_the_classes_before_and_after_are_those_of_the_classifier(client, services, dream):
    seen = {
        picture: client.get(f"/api/dreams/{dream}/seen", params={"picture": picture}).json()
        for picture in ("before", "after")
    }
    expected = classify(services.folder.job_folder(dream) / "dream.png")
    assert [one["name"] for one in seen["after"]["classes"]] == [
        one.name for one in expected.guesses
    ]
    assert seen["after"]["classes"][0]["probability"] == pytest.approx(
        expected.guesses[0].probability, abs=1e-3
    )
    assert seen["before"]["classes"] != seen["after"]["classes"]
    assert seen["after"]["network"] == CLASSIFIER  # the network that dreams
    number = seen["after"]["classes"][0]["number"]
    response = client.get(f"/api/dreams/{dream}/seen/{number}")
    assert response.headers["content-type"] == "image/jpeg"
    heat = np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"), float)
    assert heat.shape == (80, 96, 3)
    assert heat.std() > 5


def test_an_uploaded_picture_is_classified(client):
    files = {"photo": ("a.png", shape_picture("discs", 2))}
    result = client.post("/api/seen", files=files).json()
    assert len(result["classes"]) == 5
    probabilities = [one["probability"] for one in result["classes"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert_rejected(client.post("/api/seen", files={"photo": ("a.png", b"x")}), 422, "a.png")


def test_what_cannot_be_seen_is_rejected(client, dream):
    url = f"/api/dreams/{dream}/seen"
    assert_rejected(client.get(url, params={"network": "nonsense"}), 422, "nonsense")
    assert_rejected(client.get(url, params={"network": "googlenet"}), 422, "googlenet")
    assert_rejected(client.get(f"{url}/5000"), 422, "5000")
    clouds = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()["id"]
    assert_rejected(client.get(f"/api/dreams/{clouds}/seen"), 404, "wait")


def test_a_server_that_stops_does_not_wait_for_the_classes(client, services, dream):
    services.hub.close()
    assert_rejected(client.get(f"/api/dreams/{dream}/seen/7"), 503, "try again later")
