"""The API of live dreams: the camera's WebSocket and its guard, snapshots, recordings."""

import io
import json

import pytest
from PIL import Image

from puppyslug.studio import Limits, Services, create_app
from puppyslug.studio.api import live
from support.app_client import AppClient
from support.app_socket import AppSocket, RefusedError
from support.live import LOOK, camera_frames, use_thread
from support.studios import assert_rejected, recipe_in

FRAMES = camera_frames()
ADDRESS = "http://127.0.0.1:8000"
NAME = b"\0\1\2\3\4\5\6\7"


@pytest.fixture
def services(tmp_path):
    with Services.open(tmp_path / "data", Limits(), workers=0) as services:
        use_thread(services.live)
        yield services


@pytest.fixture
def browser(services):
    with AppClient(create_app(services)) as client:
        yield client


@pytest.fixture
def camera(browser):
    with AppSocket(browser, "/api/live", origin=ADDRESS) as socket:
        socket.send_json({"look": LOOK, "fps": 60})
        yield Camera(socket)


class Camera:
    def __init__(self, socket):
        self.socket = socket

    def dream(self, data=None):
        """Send frames until one was dreamt; return it and the other messages before it."""
        messages = []
        for number in range(1000):
            self.socket.send_bytes(NAME + (data or FRAMES[number % len(FRAMES)]))
            received = self.socket.receive(timeout=0.5)
            if received is None:  # the frame was dropped
                continue
            if received.get("bytes"):
                return received["bytes"], messages
            messages.append(json.loads(received["text"]))
        raise AssertionError(messages)

    def wait_for(self, key):
        """Send frames until a message with a key arrives."""
        for _ in range(1000):
            _, messages = self.dream()
            for message in messages:
                if key in message:
                    return message[key]
        raise AssertionError(f"no {key}")


def test_frames_go_there_and_back(camera):
    data, _ = camera.dream()
    assert data[:8] == NAME
    with Image.open(io.BytesIO(data[8:])) as picture:
        assert (picture.format, picture.size) == ("JPEG", (96, 64))
    status = camera.wait_for("status")
    assert {"fps", "latency", "side", "dropped", "invalid", "restarts"} <= status.keys()


def test_frames_that_are_too_long_or_empty_are_counted(camera):
    camera.dream()
    for data in (b"", NAME, NAME + bytes(live.MAX_FRAME)):
        camera.socket.send_bytes(data)
    while camera.wait_for("status")["invalid"] < 3:
        pass


@pytest.mark.parametrize("text", ["", "[]", "{" * 5000, '{"change": 3}', '{"change": {"x": 1}}'])
def test_malformed_messages_are_rejected_and_the_stream_goes_on(camera, text):
    camera.dream()
    camera.socket.send_text(text)
    assert camera.wait_for("rejected")
    camera.dream()


@pytest.mark.parametrize(
    "settings",
    [
        {"network": "os:system"},
        {"network": "resnet152"},
        {"guide": "/etc/passwd"},
        {"mask": {"name": "a.png", "sha256": "0" * 64}},
        {"mask": "/etc/passwd"},
        {"palette_from": "/etc/passwd"},
    ],
)
def test_no_look_reads_files_or_runs_code(camera, settings):
    camera.dream()
    camera.socket.send_json({"change": settings})
    assert camera.wait_for("rejected")


def test_a_snapshot_is_a_dream_of_the_gallery_that_can_be_dreamt_again(camera, browser, services):
    camera.dream()
    response = browser.post("/api/live/snapshot")
    assert response.status_code == 201, response.text
    dream = response.json()
    assert (dream["status"], dream["kind"], dream["width"]) == ("done", "picture", 96)
    assert browser.get("/api/dreams").json()[0]["id"] == dream["id"]
    image = browser.get(f"/api/dreams/{dream['id']}/image").content
    assert recipe_in(image)["objective"] == "block_0"
    for resource in ("before", "thumbnail", "photo"):
        assert browser.get(f"/api/dreams/{dream['id']}/{resource}").status_code == 200
    changes = {"recipe": {"octaves": 3, "size": "64"}}
    again = browser.post(f"/api/dreams/{dream['id']}/again", json=changes)
    assert again.status_code == 201, again.text
    recipe = again.json()["recipe"]
    assert (recipe["objective"], recipe["octaves"]) == ("block_0", 3)
    assert recipe["photo"]["sha256"] == dream["photo"]["sha256"]


def test_a_recording_is_a_film_of_the_gallery(camera, browser):
    camera.dream()
    camera.socket.send_json({"record": True})
    for _ in range(3):
        camera.dream()
    camera.socket.send_json({"record": False})
    job_id = camera.wait_for("recorded")
    dream = browser.get(f"/api/dreams/{job_id}").json()
    assert (dream["kind"], dream["status"]) == ("zoom", "done")
    assert browser.get(f"/api/dreams/{job_id}/film").content[4:8] == b"ftyp"


def test_a_recording_that_is_not_ended_leaves_nothing(browser, services):
    with AppSocket(browser, "/api/live", origin=ADDRESS) as socket:
        socket.send_json({"look": LOOK, "fps": 60})
        camera = Camera(socket)
        camera.dream()
        socket.send_json({"record": True})
        camera.dream()
    assert browser.get("/api/dreams").json() == []


def test_a_second_camera_is_told_that_the_worker_is_busy(camera, browser):
    with AppSocket(browser, "/api/live", origin=ADDRESS) as socket:
        socket.send_json({"look": LOOK})
        assert "another camera is live" in socket.receive_json()["error"]
        assert socket.receive()["code"] == live.TRY_AGAIN_LATER


def test_without_a_camera_there_is_no_stream_and_no_snapshot(client):
    assert_rejected(client.get("/live.mjpg"), 404, "no camera is live")
    assert_rejected(client.post("/api/live/snapshot"), 404, "no camera is live")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8000", "host": "evil.example"},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_pages_of_other_sites_cannot_open_the_camera(browser, headers):
    with pytest.raises(RefusedError), AppSocket(browser, "/api/live", **headers):
        pass


def test_a_token_guards_the_camera_and_the_stream(services):
    app = create_app(services, host="0.0.0.0", token="secret")
    with AppClient(app, "http://192.0.2.1:8000") as client:
        origin = "http://192.0.2.1:8000"
        for path in ("/api/live", "/api/live?token=secret"):
            with pytest.raises(RefusedError), AppSocket(client, path, origin=origin):
                pass
        assert client.get("/live.mjpg").status_code == 401
        bearer = "Bearer secret"
        with AppSocket(client, "/api/live", origin=origin, authorization=bearer) as socket:
            socket.send_json({"fps": 1000})
            assert "fps" in socket.receive_json()["error"]


def test_the_page_has_a_look_for_every_picture(client):
    page = client.get("/live").text
    assert "Start the camera" in page
    for name in ("feathers", "ripples", "strokes"):
        assert f'value="{name}"' in page
