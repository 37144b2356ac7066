"""Bad requests to the studio: each is answered in words, and nothing is left behind."""

import io
import json
import struct
import tempfile
import zlib
from pathlib import Path

import httpx
import pytest
from PIL import Image

from puppyslug.studio.jobs.uploads import clean
from puppyslug.studio.limits import Limits
from support.studios import LONG, QUICK, picture, studio_at

PNG = picture()
JPEG = picture((200, 200), "JPEG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def bomb(width, height):
    """A PNG of few bytes that says it is very large."""

    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def gif():
    data = io.BytesIO()
    Image.new("P", (30_000, 30_000)).save(data, "GIF")
    return data.getvalue()


UPLOADS = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"no picture at all",
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": SVG,
    "pdf": b"%PDF-1.4 " + b"x" * 500,
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "zip": b"PK\x03\x04" + bytes(200),
    "program": b"\x7fELF" + bytes(200),
    "truncated png": PNG[: len(PNG) // 2],
    "truncated jpeg": JPEG[: len(JPEG) // 3],
    "only a header": PNG[:8],
    "bomb of 3.6 gigapixels": bomb(60_000, 60_000),
    "bomb of 100 megapixels": bomb(10_000, 10_000),
    "wide bomb": bomb(2**31 - 1, 1),
    "gif bomb": gif(),
    "film": b"\x00\x00\x00\x18ftypmp42" + bytes(200),
}
RECIPES = {
    "no json": "{",
    "a list": "[1]",
    "a number": "5",
    "null": "null",
    "nested": "[" * 5000,
    "unknown field": json.dumps({"nonsense": 1}),
    "no octaves": json.dumps({"octaves": 0}),
    "endless": '{"iterations": 1e999}',
    "not a number": '{"step_size": NaN}',
    "negative": json.dumps({"step_size": -1}),
    "unknown network": json.dumps({"network": "nonsense"}),
    "code": json.dumps({"network": "os:getcwd"}),
    "timm": json.dumps({"network": "timm/resnet18"}),
    "not here": json.dumps({"network": "googlenet"}),
    "unknown layer": json.dumps({"layer": "nonsense"}),
    "unknown thing": json.dumps({"see": "nonsense thing"}),
    "channel out of range": json.dumps({"layer": "relu1_1", "channel": 64}),
    "two objectives": json.dumps({"layer": "relu1_1", "objective": "relu2_1"}),
    "a guide by name": json.dumps({"objective": 'guide("/etc/passwd", relu1_1)'}),
    "a photo by path": json.dumps({"photo": "/etc/passwd"}),
    "a photo by reference": json.dumps({"photo": {"name": "a.jpg", "sha256": "0" * 64}}),
    "a mask by path": json.dumps({"mask": "/etc/passwd"}),
    "a mask by reference": json.dumps({"mask": {"name": "a.png", "sha256": "0" * 64}}),
    "too large": json.dumps({"size": "20000x20000"}),
    "no size": json.dumps({"size": "0x0"}),
    "full of nothing": json.dumps({"size": "full"}),
    "too many changes": json.dumps({"schedule": [[0, 0, 1, "step_size", 1]] * 1001}),
    "unknown preset": json.dumps({"preset": "nonsense"}),
    "newer": json.dumps({"recipe_version": 99}),
    "a layer that is a number": json.dumps({"layer": 1.5}),
    "a guide that is a number": json.dumps({"guide": 5.5}),
    "a size that is none": json.dumps({"photo": {"name": "x"}, "size": "axb"}),
    "half a letter": '{"palette": "\\ud800"}',
    "half a letter in a size": '{"size": "\\ud800"}',
    "lines": json.dumps({"palette": "a\nb"}),
    "a long name": json.dumps({"preset": "x" * 150_000}),
    "composed larger than it is": json.dumps(
        {"size": "1x1", "composed": "640x360", "layer": "relu5_4"}
    ),
    "too small for the layer": json.dumps({"size": "8x8", "layer": "relu5_1"}),
}
FORMS = {
    "unknown kind": {"kind": "opera"},
    "no frames": {"kind": "zoom", "frames": "0"},
    "too many frames": {"kind": "zoom", "frames": "100000"},
    "no pace": {"kind": "zoom", "fps": "0"},
    "a pace that is no number": {"kind": "zoom", "fps": "nan"},
    "a large film": {"kind": "zoom", "recipe": json.dumps({"size": "4000x4000"})},
    "a long recipe": {"recipe": json.dumps({"objective": "relu1_1 + " * 30_000})},
}
NAMES = ["../../../etc/passwd", "/etc/passwd", "C:\\x\\..\\y.png", "a/b\x00.png", "..", "x" * 300]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with studio_at(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture
def refuses(studio):
    """Checks a response: 4xx in words; the server lives; nothing is left on disk."""
    before = studio.files(), sorted(Path(tempfile.gettempdir()).glob("*.upload"))

    def check(response, status=None):
        assert 400 <= response.status_code < 500, response.text
        assert status in (None, response.status_code), response.text
        detail = response.json()["detail"]
        assert detail
        assert "\n" not in detail
        assert len(detail) < 1000
        assert "Traceback" not in response.text
        assert studio.client.get("/healthz").json() == {"status": "ok"}
        assert (studio.files(), sorted(Path(tempfile.gettempdir()).glob("*.upload"))) == before
        return detail

    return check


@pytest.mark.parametrize("kind", UPLOADS)
@pytest.mark.parametrize("role", ["photo", "mask", "guide"])
def test_uploads_that_are_no_pictures(studio, refuses, kind, role):
    files = {"photo": ("photo.png", PNG), role: ("photo.jpg", UPLOADS[kind], "image/jpeg")}
    detail = refuses(studio.submit(QUICK, **files), 422)
    assert "photo.jpg" in detail


@pytest.mark.parametrize("kind", RECIPES)
def test_recipes_that_cannot_be_followed(studio, refuses, kind):
    refuses(studio.submit(RECIPES[kind]), 422)


@pytest.mark.parametrize("kind", FORMS)
def test_forms_that_make_no_sense(studio, refuses, kind):
    refuses(studio.client.post("/api/dreams", data=FORMS[kind]))


def test_more_bytes_than_are_allowed(studio, refuses):
    large = PNG + bytes(200_000_000)
    refuses(studio.submit(QUICK, photo=("large.png", large)), 413)

    def pieces():
        for _ in range(200):
            yield bytes(1_000_000)

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    refuses(studio.client.post("/api/dreams", content=pieces(), headers=kind), 411)
    assert len(large) > Limits().upload


def test_other_bodies(studio, refuses):
    many = [("guide", (f"{number}.png", PNG)) for number in range(40)]
    refuses(studio.client.post("/api/dreams", files=many))
    boundary = {"Content-Type": "multipart/form-data; boundary=y"}
    refuses(studio.client.post("/api/dreams", content=b"--x\r\nnothing", headers=boundary))
    twice = [("guide", ("same.png", PNG)), ("guide", ("same.png", JPEG))]
    refuses(studio.client.post("/api/dreams", files=twice, data={"recipe": "{}"}), 422)
    for body in (b"[]", b"{", b'"x"', b"5", b""):
        refuses(studio.client.post("/api/dreams/nothing/steer", content=body))
    refuses(studio.client.post("/api/dreams", json={"recipe": "{}"}), 415)
    refuses(studio.client.post("/api/dreams"), 415)
    refuses(studio.client.post("/api/dreams/x/again", json={"recipe": {"version": "x" * 300_000}}))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_never_paths(studio, name):
    identity = studio.dream({**QUICK, "size": "64"}, photo=(name, PNG, "text/html"))
    dream = studio.wait(identity, "done")
    assert (studio.data / "dreams" / identity / "photo.png").read_bytes() == PNG
    assert "/" not in dream["title"]
    assert len(dream["title"]) <= 100
    photo = studio.client.get(f"/api/dreams/{identity}/photo")
    assert photo.headers["content-type"] == "image/png"
    given = studio.client.get(f"/api/dreams/{identity}/image", params={"download": True})
    assert given.headers["content-type"] == "image/png"
    assert "/" not in given.headers["content-disposition"].replace("utf-8''", "")
    studio.client.delete(f"/api/dreams/{identity}")


def test_clean_names():
    assert clean("../a/b.jpg") == "b.jpg"
    assert clean("a\r\nb.jpg") == "ab.jpg"
    assert clean('x"y.png') == "x'y.png"
    assert clean("") == clean("...") == clean("/") == "picture"
    long = clean("ж" * 500 + ".jpeg")
    assert long.endswith(".jpeg")
    assert len(long) <= 100


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", ["nothing", "%2e%2e%2f", "x" * 39, "x" * 500, "a%00b"])
def test_unknown_ids(studio, refuses, method, name):
    refuses(studio.client.request(method, f"/api/dreams/{name}"))
    for what in ("events", "preview", "image", "before", "photo", "recipe", "film", "thumbnail"):
        refuses(studio.client.get(f"/api/dreams/{name}/{what}"))
    for what in ("steer", "pause", "stop", "cancel", "rerun", "again", "dance"):
        refuses(studio.client.post(f"/api/dreams/{name}/{what}", json={}))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "a b", "x@127.0.0.1"],
)
def test_other_names_are_not_answered_to(studio, refuses, host):
    refuses(studio.client.get("/", headers={"Host": host}))
    refuses(studio.client.post("/api/dreams", headers={"Host": host}))


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:1", "x", "http://[", ""]
)
def test_writes_from_elsewhere_are_refused(studio, refuses, origin):
    headers = {"Origin": origin}
    refuses(studio.client.post("/api/dreams", headers=headers, data={"recipe": "{}"}), 403)
    refuses(studio.client.delete("/api/dreams/x", headers=headers), 403)
    other = {"Sec-Fetch-Site": "cross-site"}
    refuses(studio.client.post("/api/dreams", headers=other, data={"recipe": "{}"}), 403)
    own = {"Origin": studio.address.rstrip("/")}
    assert studio.client.post("/api/dreams/x/stop", headers=own).status_code == 404


def test_pages_may_only_do_what_the_studio_itself_needs(studio):
    page = studio.client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert " onclick" not in page.text
    for text in (page.text, studio.client.get("/static/studio.css").text):
        assert "//" not in text.replace(studio.address, "").replace("http://www.w3.org", "")
    assert studio.client.get("/static/../app.py").status_code == 404
    assert studio.client.get("/static/%2e%2e/app.py").status_code == 404


def test_a_running_dream_is_not_deleted(studio, refuses):
    identity = studio.dream(LONG)
    studio.started(identity)
    assert studio.client.delete(f"/api/dreams/{identity}").status_code == 409
    studio.order(identity, "cancel")
    studio.wait(identity, "cancelled")
    assert studio.client.delete(f"/api/dreams/{identity}").status_code == 204


def test_again_with_what_is_not_there(studio):
    identity = studio.dream(LONG)
    studio.started(identity)
    assert studio.order(identity, "again", feed=True).status_code == 409
    for body in ({"nonsense": 1}, {"size": "x"}, {"kind": "opera"}, {"recipe": []}, {"fps": "x"}):
        response = studio.client.post(f"/api/dreams/{identity}/again", json=body)
        assert response.status_code == 422, body
    large = studio.client.post(f"/api/dreams/{identity}/again", json={"size": "60000"})
    assert large.status_code == 422
    studio.order(identity, "cancel")
    with httpx.Client(base_url=studio.address) as other:
        assert other.get("/api/dreams", params={"limit": 0}).status_code == 422
