"""The API of networks, without any that was trained; trained ones are in test_training_run."""

import json
import os

import pytest

from support.studios import assert_rejected


def test_built_in_networks_are_described(client):
    networks = {one["name"]: one for one in client.get("/api/networks").json()}
    assert networks["vgg19"]["here"]
    assert networks["vgg19"]["layers"][0]["name"] == "conv1_1"
    assert networks["vgg19"]["things"] == []


def test_a_damaged_file_is_skipped_and_cannot_be_used(client, services):
    path = services.folder.networks / "broken.safetensors"
    path.write_bytes(os.urandom(300))
    names = [one["name"] for one in client.get("/api/networks").json()]
    assert "vgg19" in names
    assert path.name not in names
    recipe = f'{{"network": "{path.name}", "photo": "clouds"}}'
    assert_rejected(client.post("/api/dreams", data={"recipe": recipe}), 422, path.name)


def test_a_network_file_is_downloaded_and_deleted(client, services):
    path = services.folder.networks / "my pets.safetensors"
    path.write_bytes(b"weights")
    assert client.get("/api/networks/my pets.safetensors").content == b"weights"
    assert client.delete("/api/networks/my pets.safetensors").status_code == 204
    assert not path.exists()
    assert_rejected(client.delete("/api/networks/my pets.safetensors"), 404, "my pets")


@pytest.mark.parametrize("name", ["nothing", "%2e%2e%2fstudio.db", "x" * 500, "a%00b", ".hidden"])
def test_unknown_networks_are_not_found(client, services, name):
    (services.folder.networks / ".hidden").write_bytes(b"x")
    for method in ("GET", "DELETE"):
        response = client.request(method, f"/api/networks/{name}")
        assert response.status_code in {404, 422}
        assert response.json()["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "gone.safetensors",
        "/etc/gone.safetensors",
        "../../gone.safetensors",
        "C:\\x\\gone.safetensors",
        "efficientnet_lite0+gone.safetensors",
        "x" * 180 + ".safetensors",
    ],
)
def test_only_networks_of_the_studio_can_be_used(client, name):
    for settings in ({}, {"see": "discs"}):
        recipe = json.dumps({"network": name, "photo": "clouds", **settings})
        assert_rejected(client.post("/api/dreams", data={"recipe": recipe}), 422)
    assert_rejected(client.get("/api/labels", params={"network": name}), 422)
