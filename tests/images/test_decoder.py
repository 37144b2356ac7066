import io
import zlib

import pytest
from PIL import Image

from puppyslug.errors import ImageError
from puppyslug.images import MAX_PIXELS, decode_image
from support.images import png_with_header, truncated_jpeg


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.jpg", b"Dear diary, today I dreamt"),
        ("truncated.jpg", truncated_jpeg()),
        ("truncated.png", png_with_header(50, 50)),
        ("phone.heic", b"\0\0\0\x18ftypheic"),
        ("script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ],
)
def test_data_that_is_no_image_is_an_error_with_its_name(name, data):
    with pytest.raises(ImageError, match=name) as caught:
        decode_image(data, name)
    assert "\n" not in str(caught.value)


def test_a_heic_file_without_its_decoder_names_the_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(ImageError, match="pillow-heif"):
        decode_image(b"\0\0\0\x18ftypheic", "phone.heic")


@pytest.mark.parametrize(
    ("size", "limits"),
    [((13_000, 13_900), {}), ((300, 400), {"max_pixels": 119_999}), ((90_000, 90_000), {})],
)
def test_too_many_pixels_are_refused_before_decoding(size, limits):
    """The file has no pixels, so decoding it would be another error."""
    limit = limits.get("max_pixels", MAX_PIXELS)
    with pytest.raises(ImageError, match=f"large.png .*{limit / 1e6:.0f} megapixels"):
        decode_image(png_with_header(*size), "large.png", **limits)


def test_an_indexed_png_without_a_palette_is_damaged():
    stream = io.BytesIO()
    Image.new("L", (4, 4)).save(stream, "PNG")
    data = bytearray(stream.getvalue())
    data[25] = 3  # colour type: indices of a palette
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(ImageError, match=r"p\.png is damaged"):
        decode_image(bytes(data), "p.png")
