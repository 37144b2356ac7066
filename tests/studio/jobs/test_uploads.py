"""Uploaded pictures: format by content, limits, sanitised names."""

import io

import numpy as np
import pytest
from PIL import Image

from puppyslug.errors import ImageError
from puppyslug.studio.jobs.uploads import clean_file_name, inspect_picture
from support.studios import random_picture, upload_of


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("PNG", ".png"), ("JPEG", ".jpg"), ("GIF", ".gif"), ("BMP", ".bmp"), ("TIFF", ".tif"),
     ("WEBP", ".webp"), ("AVIF", ".heic")],
)  # fmt: skip
def test_the_suffix_is_that_of_the_content(kind, suffix, tmp_path):
    upload = upload_of(random_picture((64, 48), kind), "cat.exe")
    assert (upload.suffix, upload.size) == (suffix, (48, 64))
    stored = upload.save(tmp_path, "photo")
    assert (stored.file, stored.name) == (f"photo{suffix}", "cat.exe")
    assert (tmp_path / stored.file).read_bytes() == upload.data


def test_the_size_is_that_of_the_upright_picture():
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    Image.new("RGB", (64, 48)).save(data, "JPEG", exif=exif)
    upload = upload_of(data.getvalue())
    assert upload.size == (64, 48)
    assert thumbnail_of(upload).size == (48, 64)


def test_large_pictures_are_rejected():
    data = random_picture((64, 48))
    inspect_picture("a.png", data, max_pixels=64 * 48)
    with pytest.raises(ImageError, match=r"a\.png"):
        inspect_picture("a.png", data, max_pixels=64 * 48 - 1)


def thumbnail_of(upload):
    thumbnail = Image.open(io.BytesIO(upload.thumbnail))
    assert thumbnail.format == "JPEG"
    return thumbnail


def test_transparency_is_white_in_the_thumbnail():
    data = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(data, "PNG")
    assert np.asarray(thumbnail_of(upload_of(data.getvalue()))).min() > 250


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("I;16", "TIFF"),
     ("I", "TIFF"), ("F", "TIFF"), ("LAB", "TIFF"), ("CMYK", "TIFF"), ("CMYK", "JPEG"),
     ("RGBA", "WEBP"), ("YCbCr", "JPEG")],
)  # fmt: skip
def test_every_mode_has_a_thumbnail(mode, kind):
    """A ramp, the dark half on the left."""
    ramp = np.linspace(0, 255, 300).round().astype(np.uint8)[None].repeat(200, 0)
    if mode in {"I;16", "I", "F"}:
        dtype = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        picture = Image.fromarray(ramp.astype(dtype) * (1 if mode == "F" else 257))
    elif mode == "LAB":
        picture = Image.merge(
            "LAB", [Image.fromarray(ramp), *[Image.new("L", (300, 200), 128)] * 2]
        )
    else:
        picture = Image.fromarray(ramp).convert("RGB").convert(mode)
    data = io.BytesIO()
    picture.save(data, kind)
    grey = np.asarray(thumbnail_of(upload_of(data.getvalue())).convert("L"))
    assert grey.shape == (160, 240)
    assert grey[:, :20].mean() < 60
    assert grey[:, -20:].mean() > 190


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
