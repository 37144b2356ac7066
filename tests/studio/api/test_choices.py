"""The API of what users can choose from."""

from puppyslug.recipe import Recipe
from support.studios import assert_rejected


def test_labels_are_searched(client):
    labels = client.get("/api/labels", params={"q": "retriever"}).json()
    assert labels[0] == {
        "name": "retriever", "called": "retriever", "also": [], "group": True, "members": 5,
        "number": 205,
    }  # fmt: skip
    assert len(client.get("/api/labels", params={"limit": 3}).json()) == 3
    assert_rejected(client.get("/api/labels", params={"network": "nonsense"}), 422, "nonsense")


def test_an_atlas_is_searched(client):
    query = {"network": "vgg19", "layer": "relu5_2"}
    all_portraits = client.get("/api/atlas", params=query).json()
    dogs = client.get("/api/atlas", params={**query, "q": "dog"}).json()
    assert len(all_portraits["entries"]) == all_portraits["count"] == 512
    assert 5 < len(dogs["entries"]) < 512
    picture = client.get("/api/atlas/portraits", params=query)
    assert picture.headers["content-type"] == "image/webp"


def test_a_missing_atlas_is_rejected_with_the_command_that_builds_it(client):
    query = {"network": "vgg19", "layer": "relu1_1"}
    for path in ("/api/atlas", "/api/atlas/portraits"):
        response = client.get(path, params=query)
        assert_rejected(response, 422, "puppyslug atlas build vgg19 relu1_1")


def test_settings_are_described(client, services):
    settings = client.get("/api/settings").json()
    fields = settings["fields"]
    assert fields["step_size"]["usual"] == [0.1, 10, 0.1]
    assert fields["iterations"]["default"] == Recipe.model_fields["iterations"].default
    assert settings["limits"]["queue"] == services.limits.queue
    assert "classic" in [preset["name"] for preset in settings["presets"]]
