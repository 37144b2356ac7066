"""Bodies of requests: whole, in time, and cheap to parse; errors of responses are JSON."""

import asyncio
import json

import pytest

from puppyslug.studio import request_body
from support.studios import QUICK, assert_rejected, random_picture

BOUNDARY = "0123456789abcdef"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(*parts):
    """Return a form of (field, file name or None, data)."""
    body = b""
    for field, file, data in parts:
        name = f'; filename="{file}"' if file else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{name}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


WHOLE = form(("recipe", None, json.dumps(QUICK).encode()), ("photo", "a.png", random_picture()))


def test_a_whole_form_is_accepted(client):
    for headers in (FORM, {"Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"'}):
        assert client.post("/api/dreams", content=WHOLE, headers=headers).status_code == 201
    epilogue = WHOLE + b"this is ignored"
    assert client.post("/api/dreams", content=epilogue, headers=FORM).status_code == 201


@pytest.mark.parametrize("missing", [3, 4, len(BOUNDARY) + 4, len(BOUNDARY) + 8, 1000])
def test_a_form_that_ends_early_is_rejected(client, services, missing):
    response = client.post("/api/dreams", content=WHOLE[:-missing], headers=FORM)
    assert_rejected(response, 400, "boundary")
    assert services.folder.is_empty


def test_the_last_boundary_may_arrive_in_parts(client):
    async def parts():
        for start in range(0, len(WHOLE), 7):
            yield WHOLE[start : start + 7]

    headers = {**FORM, "Content-Length": str(len(WHOLE))}
    assert client.post("/api/dreams", content=parts(), headers=headers).status_code == 201


def test_a_form_that_does_not_arrive_is_rejected(client, monkeypatch):
    monkeypatch.setattr(request_body, "IDLE_TIMEOUT", 0.05)

    async def parts():
        yield WHOLE[:100]
        await asyncio.sleep(60)

    headers = {**FORM, "Content-Length": str(len(WHOLE))}
    response = client.post("/api/dreams", content=parts(), headers=headers)
    assert_rejected(response, 408, "time")
    assert response.headers["connection"] == "close"


def test_a_form_that_arrives_too_slowly_is_rejected(client, monkeypatch):
    monkeypatch.setattr(request_body, "BASE_TIMEOUT", 0.05)
    monkeypatch.setattr(request_body, "MIN_RATE", 1_000_000)

    async def parts():
        for start in range(len(WHOLE)):
            yield WHOLE[start : start + 1]
            await asyncio.sleep(0.02)

    headers = {**FORM, "Content-Length": str(len(WHOLE))}
    assert_rejected(client.post("/api/dreams", content=parts(), headers=headers), 408)


@pytest.mark.parametrize("items", ["{},", "[],", "0,"])
def test_json_of_many_values_is_rejected_unparsed(client, items):
    body = '{"recipe": {"schedule": [' + items * 21_000 + items[:-1] + "]}}"
    headers = {"Content-Type": "application/json"}
    assert_rejected(client.post("/api/dreams/x/again", content=body, headers=headers), 413)


@pytest.mark.parametrize(
    ("header", "status"),
    [("bytes=x", 400), ("lines=1-2", 400), ("bytes=5-1", 400), ("bytes=99999999-", 416)],
)
def test_errors_of_ranges_are_json(client, header, status):
    photo = {"photo": ("a.png", random_picture())}
    created = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}, files=photo)
    url = f"/api/dreams/{created.json()['id']}/photo"
    assert client.get(url, headers={"Range": "bytes=0-9"}).status_code == 206
    response = client.get(url, headers={"Range": header})
    assert_rejected(response, status)
    assert status != 416 or response.headers["content-range"].startswith("bytes */")


def test_a_malformed_content_type_is_rejected(client):
    header = {"Content-Type": f"multipart/form-data; boundary*{'9' * 5000}=x"}
    assert_rejected(client.post("/api/dreams", content=WHOLE, headers=header), 400, "Content-Type")


@pytest.mark.parametrize("kind", [FORM["Content-Type"], "multipart/x", "application/json"])
def test_only_uploads_may_be_large(client, kind):
    large = b"x" * 1_000_000
    response = client.post("/api/dreams/x/steer", content=large, headers={"Content-Type": kind})
    assert response.status_code == 413
