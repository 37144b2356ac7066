import io
import struct

import pytest
from PIL import Image

from puppyslug.images import load_image
from puppyslug.images.exif import (
    EXIF_DIRECTORY,
    ORIENTATION,
    USER_COMMENT,
    find_orientation,
    find_tag,
)
from support.images import gradient_image


def directory(*tags, order="<", offset=8):
    """Encode a directory; each tag is (number, type, count, bytes of the value)."""
    data, values = struct.pack(order + "H", len(tags)), b""
    start = offset + 2 + 12 * len(tags) + 4
    for number, kind, count, value in tags:
        if len(value) > 4:
            field = struct.pack(order + "I", start + len(values))
            values += value
        else:
            field = value.ljust(4, b"\0")
        data += struct.pack(order + "HHI", number, kind, count) + field
    return data + bytes(4) + values


def exif(*tags, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + mark + struct.pack(order + "I", 8) + directory(*tags, order=order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "format_"),
    [(1, "B"), (3, "H"), (4, "I"), (6, "b"), (8, "h"), (9, "i"), (11, "f"), (12, "d"), (13, "I")],
)
def test_an_orientation_of_every_type_of_number_is_read(kind, format_, order):
    data = exif((ORIENTATION, kind, 1, struct.pack(order + format_, 6)), order=order)
    assert find_orientation({"exif": data}) == 6


def test_orientations_of_other_types_are_read():
    assert find_orientation({"exif": exif((ORIENTATION, 2, 2, b"6\0"))}) == 6
    assert find_orientation({"exif": exif((ORIENTATION, 7, 1, b"\6"))}) == 6
    assert find_orientation({"exif": exif((ORIENTATION, 5, 1, struct.pack("<II", 12, 2)))}) == 6
    assert find_orientation({"exif": exif((ORIENTATION, 3, 2, struct.pack("<HH", 6, 0)))}) == 6
    xmp = b'<rdf:Description tiff:Orientation="8"/>'
    assert find_orientation({"xmp": xmp}) == 8
    assert find_orientation({"XML:com.adobe.xmp": xmp.decode()}) == 8


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_invalid_orientations_count_as_upright(value):
    assert find_orientation({"exif": exif((ORIENTATION, 3, 1, struct.pack("<H", value)))}) == 1
    assert find_orientation({"exif": exif((ORIENTATION, 5, 1, bytes(8)))}) == 1
    assert find_orientation({"exif": exif((ORIENTATION, 2, 4, b"top\0"))}) == 1
    assert find_orientation({"exif": b"Exif\0\0MM"}) == 1
    assert find_orientation({}) == 1


ODD = [
    (0x011A, 2, 3, b"72\0"),  # resolution as text
    (0x011A, 5, 1, bytes(8)),  # 0/0
    (0x0110, 3, 9, b"model as numbers.."),
    (0x8769, 2, 4, b"nowh"),  # a directory as text
    (0x8825, 4, 1, b"\xff\xff\xff\x7f"),  # a directory beyond the end
    (0x010F, 99, 1, b"none"),  # an unknown type
    (0x0132, 2, 0xFFFFFFF, b"none"),  # longer than the file
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_odd_tags_beside_the_orientation_do_not_matter(tmp_path, suffix, odd):
    tags = sorted([odd, (ORIENTATION, 3, 1, struct.pack("<H", 6))])
    gradient_image(31, 20).save(tmp_path / f"a.{suffix}", exif=exif(*tags))
    assert load_image(tmp_path / f"a.{suffix}").size == (31, 20)


def test_a_tag_of_another_directory_is_found():
    inner = directory((USER_COMMENT, 7, 12, b"ASCII\0\0\0text"), offset=8 + 2 + 12 + 4)
    data = exif((EXIF_DIRECTORY, 4, 1, struct.pack("<I", 8 + 2 + 12 + 4)))[: 6 + 8 + 2 + 12 + 4]
    tag = find_tag(data + inner, USER_COMMENT, EXIF_DIRECTORY)
    assert tag is not None
    assert tag.data == b"ASCII\0\0\0text"
    assert find_tag(data, USER_COMMENT, EXIF_DIRECTORY) is None


def test_pillows_own_exif_is_read():
    own = Image.Exif()
    own[ORIENTATION] = 5
    file = io.BytesIO()
    gradient_image().save(file, "PNG", exif=own)
    with Image.open(file) as picture:
        assert find_orientation(picture.info) == 5
