"""Invalid requests: each is rejected with one line, and leaves nothing behind."""

import io
import json
import struct
import zlib

import pytest
from PIL import Image, TiffImagePlugin

from puppyslug.studio.jobs import submission
from puppyslug.studio.limits import Limits
from support.studios import QUICK, assert_rejected, random_picture

PNG = random_picture()
JPEG = random_picture((200, 200), "JPEG")


def png_of_size(width, height):
    """Return a PNG of few bytes whose header names a large size."""

    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def gif_of_size(width, height):
    """Return a GIF of few bytes whose headers name a large size."""
    data = io.BytesIO()
    Image.new("P", (8, 8)).save(data, "GIF")
    small, large = (struct.pack("<HH", *size) for size in ((8, 8), (width, height)))
    assert data.getvalue().count(small) == 2  # of the canvas and of its frame
    return data.getvalue().replace(small, large)


UPLOADS = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"no picture at all",
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "pdf": b"%PDF-1.4 " + b"x" * 500,
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "zip": b"PK\x03\x04" + bytes(200),
    "program": b"\x7fELF" + bytes(200),
    "truncated png": PNG[: len(PNG) // 2],
    "truncated jpeg": JPEG[: len(JPEG) // 3],
    "only a header": PNG[:8],
    "bomb of 3.6 gigapixels": png_of_size(60_000, 60_000),
    "bomb of 100 megapixels": png_of_size(10_000, 10_000),
    "wide bomb": png_of_size(2**31 - 1, 1),
    "gif bomb": gif_of_size(30_000, 30_000),
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
    "infinite": '{"iterations": 1e999}',
    "not a number": '{"step_size": NaN}',
    "negative": json.dumps({"step_size": -1}),
    "unknown network": json.dumps({"network": "nonsense"}),
    "code": json.dumps({"network": "os:getcwd"}),
    "timm": json.dumps({"network": "timm/resnet18"}),
    "weights not on this machine": json.dumps({"network": "googlenet"}),
    "unknown layer": json.dumps({"layer": "nonsense"}),
    "unknown class": json.dumps({"see": "nonsense thing"}),
    "channel out of range": json.dumps({"layer": "relu1_1", "channel": 64}),
    "two objectives": json.dumps({"layer": "relu1_1", "objective": "relu2_1"}),
    "a guide by path": json.dumps({"objective": 'guide("/etc/passwd", relu1_1)'}),
    "a photo by path": json.dumps({"photo": "/etc/passwd"}),
    "a photo by reference": json.dumps({"photo": {"name": "a.jpg", "sha256": "0" * 64}}),
    "a mask by path": json.dumps({"mask": "/etc/passwd"}),
    "a mask by reference": json.dumps({"mask": {"name": "a.png", "sha256": "0" * 64}}),
    "too large": json.dumps({"size": "20000x20000"}),
    "no size": json.dumps({"size": "0x0"}),
    "full size without a photo": json.dumps({"size": "full"}),
    "too many changes": json.dumps({"schedule": [[0, 0, 1, "step_size", 1]] * 1001}),
    "unknown preset": json.dumps({"preset": "nonsense"}),
    "newer": json.dumps({"recipe_version": 99}),
    "a layer that is a number": json.dumps({"layer": 1.5}),
    "a guide that is a number": json.dumps({"guide": 5.5}),
    "an invalid size": json.dumps({"photo": {"name": "x"}, "size": "axb"}),
    "a lone surrogate": '{"palette": "\\ud800"}',
    "a lone surrogate in a size": '{"size": "\\ud800"}',
    "lines": json.dumps({"palette": "a\nb"}),
    "a long name": json.dumps({"preset": "x" * 150_000}),
    "composed larger than it is": json.dumps(
        {"size": "1x1", "composed": "640x360", "layer": "relu5_4"}
    ),
    "a size of 5000 digits": json.dumps({"size": "9" * 5000 + "x1", "photo": {"name": "x"}}),
    "a schedule of numbers": json.dumps({"schedule": [0] * 19_000}),
    "a schedule of empty lists": json.dumps({"schedule": [[]] * 19_000}),
    "a number of 5000 digits": '{"seed": ' + "9" * 5000 + "}",
    "nested lists": '{"mask": ' + "[" * 9000 + "]" * 9000 + "}",
    "too small for the layer": json.dumps({"size": "8x8", "layer": "relu5_1"}),
}
FORMS = {
    "unknown kind": {"kind": "opera"},
    "no frames": {"kind": "zoom", "frames": "0"},
    "too many frames": {"kind": "zoom", "frames": "100000"},
    "no frame rate": {"kind": "zoom", "fps": "0"},
    "a frame rate that is no number": {"kind": "zoom", "fps": "nan"},
    "a large film": {"kind": "zoom", "recipe": json.dumps({"size": "4000x4000"})},
    "a long recipe": {"recipe": json.dumps({"objective": "relu1_1 + " * 30_000})},
}
CHANGES = [
    ({}, "step_size"),
    ({"octaves": 3}, "octaves"),
    ({"layer": "nonsense"}, "nonsense"),
    ({"step_size": -1}, "step_size"),
    ({"step_size": "abc"}, "step_size"),
    ({"jitter": 1e9}, "jitter"),
    ({"layer": []}, "objective"),
    ({"layer": 1.5}, "1.5"),
    ({"objective": "relu1_1:9999"}, "9999"),
    ({"objective": 'guide("a", relu1_1)'}, "no guide 'a'"),
    ({"objective": "strongest(relu1_1, 3)"}, "when a dream begins"),
    ({"schedule": []}, "schedule"),
    ({"size": "9" * 5000 + "x1"}, "size"),
]


@pytest.fixture
def check(client, services):
    """Check that a request was rejected, and that no job and no file is left."""

    def check(response, status=None):
        assert 400 <= response.status_code < 500, response.text
        assert_rejected(response, status or response.status_code)
        detail = response.json()["detail"]
        assert 0 < len(detail) < 1000
        assert "Traceback" not in response.text
        assert services.store.ids() == set()
        assert services.folder.is_empty
        return detail

    return check


def submit(client, recipe, **files):
    text = recipe if isinstance(recipe, str) else json.dumps(recipe)
    return client.post("/api/dreams", data={"recipe": text}, files=files or None)


@pytest.mark.parametrize("kind", UPLOADS)
@pytest.mark.parametrize("role", ["photo", "mask", "guide"])
def test_uploads_that_are_not_pictures(client, check, kind, role):
    files = {"photo": ("photo.png", PNG), role: ("photo.jpg", UPLOADS[kind], "image/jpeg")}
    assert "photo.jpg" in check(submit(client, QUICK, **files), 422)


@pytest.mark.parametrize("kind", RECIPES)
def test_invalid_recipes(client, check, kind):
    check(submit(client, RECIPES[kind]), 422)


@pytest.mark.parametrize("kind", FORMS)
def test_invalid_forms(client, check, kind):
    check(client.post("/api/dreams", data=FORMS[kind]))


@pytest.mark.parametrize(("changes", "part"), CHANGES)
def test_invalid_changes_to_a_running_dream(client, services, changes, part):
    job_id = submit(client, QUICK).json()["id"]
    services.store.start_next()
    assert_rejected(client.post(f"/api/dreams/{job_id}/steer", json=changes), 422, part)


def test_requests_that_are_too_large(client, check):
    limit = Limits().upload
    check(submit(client, QUICK, photo=("large.png", PNG + bytes(limit))), 413)

    async def chunks():
        yield bytes(1000)

    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    check(client.post("/api/dreams", content=chunks(), headers=multipart), 411)
    large_json = {"recipe": {"version": "x" * 300_000}}
    check(client.post("/api/dreams/x/again", json=large_json), 413)


def test_malformed_bodies(client, check):
    many = [("guide", (f"{number}.png", PNG)) for number in range(40)]
    check(client.post("/api/dreams", files=many))
    boundary = {"Content-Type": "multipart/form-data; boundary=y"}
    check(client.post("/api/dreams", content=b"--x\r\nnothing", headers=boundary))
    twice = [("guide", ("same.png", PNG)), ("guide", ("same.png", JPEG))]
    check(client.post("/api/dreams", files=twice, data={"recipe": "{}"}), 422)
    for body in (b"[]", b"{", b'"x"', b"5", b""):
        check(client.post("/api/dreams/nothing/steer", content=body))
    check(client.post("/api/dreams", json={"recipe": "{}"}), 415)
    check(client.post("/api/dreams"), 415)


@pytest.mark.parametrize("job_id", ["nothing", "%2e%2e%2f", "x" * 39, "x" * 500, "a%00b"])
def test_unknown_ids(client, check, job_id):
    for method in ("GET", "DELETE"):
        check(client.request(method, f"/api/dreams/{job_id}"))
    for name in ("events", "preview", "image", "before", "photo", "recipe", "film", "thumbnail"):
        check(client.get(f"/api/dreams/{job_id}/{name}"))
    for name in ("steer", "pause", "stop", "cancel", "rerun", "again", "dance"):
        check(client.post(f"/api/dreams/{job_id}/{name}", json={}))
    for method, path in [
        ("GET", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "/events"), ("GET", "/report"),
        ("GET", "/pictures"), ("POST", "/teach"), ("POST", "/stop"), ("POST", "/cancel"),
        ("POST", "/dance"), ("POST", "/things"),
    ]:  # fmt: skip
        check(client.request(method, f"/api/lessons/{job_id}{path}", json={}))


def tiff_with(text):
    """Return a TIFF with a text in its ImageDescription."""
    tags, data = TiffImagePlugin.ImageFileDirectory_v2(), io.BytesIO()
    tags[270] = text
    Image.new("L", (8, 8)).save(data, "TIFF", tiffinfo=tags)
    return data.getvalue()


def tiff_with_rational_offsets():
    """Return a TIFF whose strip offsets have a type that Pillow does not expect."""
    data = bytearray(tiff_with("x"))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    for entry in range(first + 2, first + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == 273:
            struct.pack_into("<H", data, entry + 2, 5)
    return bytes(data)


@pytest.mark.parametrize("route", ["/api/recipe", "/api/dreams"])
def test_a_damaged_tiff_is_rejected(client, check, route):
    field = "dream" if route == "/api/recipe" else "photo"
    files = {field: ("r.tif", tiff_with_rational_offsets())}
    check(client.post(route, files=files), 422)


@pytest.mark.parametrize("items", ["0,", "[],", "{},", '"x",'])
def test_a_long_recipe_in_a_picture(client, check, items):
    text = '{"schedule": [' + items * 300_000 + items[:-1] + "]}"
    check(client.post("/api/recipe", files={"dream": ("r.tif", tiff_with(text))}), 422)


def test_an_unexpected_error_is_a_reason_to_reject_the_request(client, check, monkeypatch):
    def fail(*_, **__):
        raise TypeError("secret of the parser")

    monkeypatch.setattr(submission, "build_recipe", fail)
    assert "TypeError" in check(submit(client, QUICK), 422)


def test_many_unknown_fields_are_one_error(client):
    body = {"recipe": {}, **{f"field {number}": 1 for number in range(9000)}}
    for path in ("/api/dreams/x/again", "/api/lessons"):
        response = client.post(path, json=body)
        assert response.status_code in {404, 422}
    assert_rejected(response, 422, "recipe")
