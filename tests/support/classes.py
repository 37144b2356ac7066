"""A class for tests: browsers of pupils on other machines, and of the teacher on this one."""

from contextlib import contextmanager

from support.app_client import AppClient


@contextmanager
def open_browser(app, address):
    """A browser with a cookie jar of its own, on a machine with this address."""
    host = "127.0.0.1" if address == "127.0.0.1" else "192.0.2.1"
    with AppClient(app, f"http://{host}:8000", address=address) as client:
        yield client


@contextmanager
def joined_pupil(app, services, name, address="192.0.2.7"):
    """A pupil who has joined."""
    with open_browser(app, address) as client:
        body = {"passphrase": services.classroom.passphrase, "name": name}
        assert client.post("/api/class/join", json=body).status_code == 204
        yield client


@contextmanager
def teacher_of(app, services):
    """The teacher, who has opened the printed address on the studio's own machine."""
    with open_browser(app, "127.0.0.1") as client:
        token = services.classroom.teacher_token
        assert client.get("/class", params={"token": token}).status_code == 303
        assert client.get("/class").status_code == 200  # sets the browser's cookie
        yield client
