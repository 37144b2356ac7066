"""Whose a dream is: in a shared studio, a browser controls its own jobs only."""

import json

import pytest

from puppyslug.studio import create_app
from puppyslug.studio.visitors import COOKIE
from support.app_client import AppClient
from support.studios import QUICK, assert_rejected

TOKEN = "secret"


class Browser:
    """A browser with a cookie jar of its own, on another machine."""

    def __init__(self, app):
        self.client = AppClient(app, "http://192.0.2.1:8000", address="192.0.2.7")

    def __enter__(self):
        self.client.__enter__()
        assert self.client.get(f"/?token={TOKEN}").status_code == 303
        page = self.client.get("/")
        assert COOKIE in page.headers["set-cookie"]
        assert "HttpOnly" in page.headers["set-cookie"]
        return self.client

    def __exit__(self, *error):
        self.client.__exit__(*error)


@pytest.fixture
def app(services):
    return create_app(services, host="0.0.0.0", token=TOKEN)


def submit(client):
    response = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)})
    assert response.status_code == 201, response.text
    return response.json()["id"]


def test_a_browser_controls_its_own_dreams_only(app, services):
    with Browser(app) as one, Browser(app) as other:
        dream = submit(one)
        assert one.get(f"/api/dreams/{dream}").json()["mine"]
        assert not other.get(f"/api/dreams/{dream}").json()["mine"]
        assert [job["mine"] for job in other.get("/api/dreams").json()] == [False]
        for command in ("pause", "resume", "stop", "cancel", "rerun", "steer"):
            response = other.post(f"/api/dreams/{dream}/{command}", json={"step_size": 2})
            assert_rejected(response, 403, "somebody else")
        assert_rejected(other.delete(f"/api/dreams/{dream}"), 403, "somebody else")
        assert other.post(f"/api/dreams/{dream}/again", json={}).status_code == 201
        assert one.post(f"/api/dreams/{dream}/cancel").json()["status"] == "cancelled"
        assert one.delete(f"/api/dreams/{dream}").status_code == 204


def test_the_owner_of_a_dream_is_not_published(app):
    with Browser(app) as client:
        dream = submit(client)
        for path in (f"/api/dreams/{dream}", "/api/dreams"):
            assert "owner" not in client.get(path).text


def test_a_training_job_is_controlled_by_its_owner_only(app):
    with Browser(app) as one, Browser(app) as other:
        lesson = one.post("/api/lessons", json={"name": "pets"}).json()["id"]
        url = f"/api/lessons/{lesson}"
        assert_rejected(other.patch(url, json={"name": "mine"}), 403, "somebody else")
        assert_rejected(other.post(f"{url}/things", json={"name": "a"}), 403, "somebody else")
        assert_rejected(other.delete(url), 403, "somebody else")
        assert one.post(f"{url}/things", json={"name": "a"}).status_code == 201


def test_scripts_and_the_machine_itself_control_everything(app, client):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with Browser(app) as browser:
        dream = submit(browser)
        with AppClient(app, "http://192.0.2.1:8000", address="192.0.2.9") as script:
            response = script.post(f"/api/dreams/{dream}/cancel", headers=headers)
            assert response.json()["status"] == "cancelled"
        with AppClient(app, "http://127.0.0.1:8000") as local:
            local.get(f"/?token={TOKEN}")
            assert local.delete(f"/api/dreams/{dream}").status_code == 204


def test_a_browser_sees_and_changes_its_own_looks_only(app, services):
    with Browser(app) as one, Browser(app) as other:
        dream = submit(one)
        (services.folder.job_folder(dream) / "thumbnail.jpg").write_bytes(b"a picture")
        look = one.post("/api/looks", json={"dream": dream, "name": "Mine"}).json()
        assert other.post("/api/looks", json={"dream": dream, "name": "Mine"}).status_code == 201
        assert one.get("/api/looks").json() == [look]
        assert look["id"] not in other.get("/").text
        assert look["id"] in one.get("/").text
        url = f"/api/looks/{look['id']}"
        assert_rejected(other.patch(url, json={"name": "x"}), 403, "somebody else")
        assert_rejected(other.delete(url), 403, "somebody else")
        assert one.delete(url).status_code == 204


def test_a_browser_tags_its_own_dreams_only(app):
    with Browser(app) as one, Browser(app) as other:
        dream = submit(one)
        body = {"dreams": [dream], "add": ["mine"]}
        assert_rejected(other.post("/api/tags", json=body), 403, "somebody else")
        assert one.post("/api/tags", json=body).json()[0]["tags"] == ["mine"]
        assert one.get("/api/tags").json() == [{"name": "mine", "count": 1}]
        assert other.get("/api/tags").json() == []


def test_a_browser_moves_its_own_jobs_only_and_sees_no_titles_of_others(app, services):
    with Browser(app) as one, Browser(app) as other:
        first, second = submit(one), submit(one)
        foreign = submit(other)
        move = {"to": "first"}
        assert_rejected(other.post(f"/api/queue/{second}", json=move), 403, "somebody else")
        queue = [first, foreign, second]
        assert [entry["id"] for entry in one.get("/api/queue").json()] == queue
        assert [entry["title"] for entry in other.get("/api/queue").json()] == ["", "clouds", ""]
        assert one.post(f"/api/queue/{second}", json=move).status_code == 200
        assert list(services.store.queued_ids()) == [second, foreign, first]
