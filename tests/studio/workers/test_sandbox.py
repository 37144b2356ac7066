"""The sandbox: untrusted files are read in a process that may fail."""

import io
import json
import time
import zlib

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.workers import sandbox_process
from puppyslug.studio.workers.sandbox import Sandbox
from puppyslug.studio.workers.sandbox_process import run_request
from support.studios import random_picture


def rejected(call, *arguments, **options):
    with pytest.raises(HTTPError) as raised:
        call(*arguments, **options)
    assert raised.value.status == 422
    assert "\n" not in str(raised.value)
    return str(raised.value)


def picture_with(recipe):
    data, chunks = io.BytesIO(), PngImagePlugin.PngInfo()
    chunks.add_text("puppyslug", recipe)
    Image.new("RGB", (8, 8)).save(data, "PNG", pnginfo=chunks)
    return data.getvalue()


def test_a_picture_is_decoded(sandbox):
    data = random_picture((64, 48), "JPEG")
    upload = sandbox.decode_upload("../a.jpg", data, max_pixels=10_000)
    assert (upload.name, upload.data, upload.suffix) == ("a.jpg", data, ".jpg")
    assert upload.size == (48, 64)
    assert Image.open(io.BytesIO(upload.thumbnail)).size == (64, 48)


@pytest.mark.parametrize("data", [b"", b"text", random_picture()[:60]])
def test_anything_else_is_rejected_by_name(sandbox, data):
    assert "cat.png" in rejected(sandbox.decode_upload, "cat.png", data, max_pixels=10_000)


def test_a_recipe_is_read(sandbox, tmp_path):
    recipe = sandbox.read_recipe("a.png", picture_with('{"octaves": 7}'), tmp_path)
    assert recipe["octaves"] == 7
    assert sandbox.read_recipe("a.png", random_picture(), tmp_path) is None


@pytest.mark.parametrize("items", ["0,", "[],", "{},"])
def test_a_recipe_of_many_values_is_rejected(sandbox, tmp_path, items):
    data = picture_with('{"schedule": [' + items * 300_000 + items[:-1] + "]}")
    assert "characters" in rejected(sandbox.read_recipe, "a.png", data, tmp_path)


def test_a_recipe_that_is_compressed_well_is_rejected(sandbox, tmp_path):
    text = '{"schedule": [' + "0," * 450_000 + "0]}"
    data, chunks = io.BytesIO(), PngImagePlugin.PngInfo()
    chunks.add_text("puppyslug", text, zip=True)
    Image.new("RGB", (8, 8)).save(data, "PNG", pnginfo=chunks)
    assert len(data.getvalue()) < 2000 < len(zlib.compress(text.encode())) * 10
    rejected(sandbox.read_recipe, "a.png", data.getvalue(), tmp_path)


def test_a_recipe_of_twenty_million_numbers_is_rejected(tmp_path):
    """38 MB of text; reading it stays within the memory of the process."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270] = '{"schedule": [' + "0," * 19_000_000 + "0]}"
    data = io.BytesIO()
    Image.new("L", (8, 8)).save(data, "TIFF", tiffinfo=tags)
    sandbox = Sandbox()
    try:
        rejected(sandbox.read_recipe, "r.tif", data.getvalue(), tmp_path)
        assert sandbox.read_recipe("a.png", picture_with("{}"), tmp_path)
    finally:
        sandbox.close()


def test_a_picture_beyond_the_memory_is_rejected_and_the_next_one_read():
    sandbox = Sandbox(memory=30_000_000)
    large = io.BytesIO()
    Image.new("RGB", (6000, 6000)).save(large, "PNG")
    try:
        assert "large.png" in rejected(
            sandbox.decode_upload, "large.png", large.getvalue(), max_pixels=60_000_000
        )
        assert sandbox.decode_upload("a.png", random_picture(), max_pixels=10_000).size == (48, 64)
    finally:
        sandbox.close()


def test_a_file_that_takes_too_long_is_rejected_and_the_next_one_read():
    sandbox = Sandbox(seconds=0.001)
    try:
        message = rejected(sandbox.decode_upload, "a.png", random_picture(), max_pixels=10_000)
        assert "0.001 s" in message
        sandbox._seconds = 60
        assert sandbox.decode_upload("a.png", random_picture(), max_pixels=10_000).size == (48, 64)
    finally:
        sandbox.close()


def test_a_file_that_ends_the_process_is_rejected_and_the_next_one_read():
    sandbox = Sandbox()
    try:
        sandbox.start()
        sandbox._process.kill()
        time.sleep(0.1)
        assert sandbox.decode_upload("a.png", random_picture(), max_pixels=10_000).size == (48, 64)
    finally:
        sandbox.close()


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (TypeError("an integer\nis required"), "TypeError"),
        (MemoryError(), "memory"),
        (RecursionError("maximum depth"), "RecursionError"),
        (KeyError("\ud800"), "KeyError"),
    ],
)
def test_any_error_is_a_reason_to_reject_the_file(monkeypatch, error, part):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(sandbox_process, "inspect_picture", fail)
    request = {"function": "inspect_picture", "name": "a.png", "max_pixels": 1}
    result, _ = run_request(request, b"x")
    assert part in result["error"]
    assert "\n" not in result["error"]
    assert json.loads(json.dumps(result)) == result
