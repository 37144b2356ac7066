"""Uploaded pictures: format by content, limits, sanitised names."""

import io

import pytest
from PIL import Image

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.uploads import clean_file_name, decode_upload
from support.studios import random_picture


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("PNG", ".png"), ("JPEG", ".jpg"), ("GIF", ".gif"), ("BMP", ".bmp"), ("TIFF", ".tif"),
     ("WEBP", ".webp"), ("AVIF", ".heic")],
)  # fmt: skip
def test_the_suffix_is_that_of_the_content(kind, suffix, tmp_path):
    upload, picture = decode_upload("cat.exe", random_picture((64, 48), kind), max_pixels=10_000)
    assert (upload.suffix, upload.size, picture.size) == (suffix, (48, 64), (64, 48))
    stored = upload.save(tmp_path, "photo")
    assert (stored.file, stored.name) == (f"photo{suffix}", "cat.exe")
    assert (tmp_path / stored.file).read_bytes() == upload.data


def test_the_size_is_that_of_the_upright_picture():
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    Image.new("RGB", (64, 48)).save(data, "JPEG", exif=exif)
    upload, picture = decode_upload("a.jpg", data.getvalue(), max_pixels=10_000)
    assert upload.size == (64, 48)
    assert picture.size == (48, 64)


@pytest.mark.parametrize("data", [b"", b"text", random_picture()[:60]])
def test_anything_else_is_rejected_by_name(data):
    with pytest.raises(HTTPError, match=r"cat\.png") as raised:
        decode_upload("cat.png", data, max_pixels=10_000)
    assert raised.value.status == 422


def test_large_pictures_are_rejected():
    data = random_picture((64, 48))
    decode_upload("a.png", data, max_pixels=64 * 48)
    with pytest.raises(HTTPError, match=r"a\.png"):
        decode_upload("a.png", data, max_pixels=64 * 48 - 1)


def test_file_names_are_sanitised():
    assert clean_file_name("../a/b.jpg") == "b.jpg"
    assert clean_file_name("C:\\a\\b.jpg") == "b.jpg"
    assert clean_file_name("a\r\nb.jpg") == "ab.jpg"
    assert clean_file_name('x"y.png') == "x'y.png"
    for name in ("", "...", "/", "\x00"):
        assert clean_file_name(name) == "picture"
    long = clean_file_name("ж" * 500 + ".jpeg")
    assert long.endswith(".jpeg")
    assert len(long) <= 100
