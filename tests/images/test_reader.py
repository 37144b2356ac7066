"""Picture files in and out."""

import errno
import hashlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, ImageCms

from puppyslug.errors import ImageError, OutputError, RecipeError
from puppyslug.images import (
    fit,
    load_image,
    photo_from,
    read_recipe_text,
    save_image,
    to_pil,
)

RECIPE = '{"octaves": 4, "name": "\\u00e9"}'


def gradient_picture(width=31, height=20) -> Image.Image:
    rows, columns = np.mgrid[0:height, 0:width]
    values = np.stack([columns * 8 % 256, rows * 12 % 256, (rows + columns) * 5 % 256], -1)
    return Image.fromarray(values.astype(np.uint8))


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "avif"])
def test_every_format_goes_out_and_comes_in(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    picture = gradient_picture()
    save_image(picture, path, recipe_text=RECIPE)
    photo = load_image(path)
    expected = torch.from_numpy(np.asarray(picture) / np.float32(255)).permute(2, 0, 1)[None]
    lossless = suffix in {"png", "tif", "tiff", "bmp"}
    assert (photo.image - expected).abs().mean() <= (0 if lossless else 0.05)
    assert photo.name == path.name
    assert photo.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    if suffix == "bmp":
        with pytest.raises(RecipeError, match="carries no recipe"):
            read_recipe_text(path)
    else:
        assert read_recipe_text(path) == RECIPE


def test_gif_gives_its_first_frame(tmp_path):
    first, second = Image.new("RGB", (9, 7), "red"), Image.new("RGB", (9, 7), "blue")
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert load_image(tmp_path / "a.gif").image[0, :, 3, 3].tolist() == [1, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_turn_is_applied(tmp_path, orientation):
    upright = gradient_picture()
    # how a camera held that way stores the upright picture: the inverse of the turn
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(inverse[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    assert to_pil(load_image(tmp_path / "a.png").image).tobytes() == upright.tobytes()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 51, [0.2, 0.2, 0.2]),
        ("1", 1, [1, 1, 1]),
        ("I;16", 0x3333, [0.2, 0.2, 0.2]),
        ("P", 1, None),
        ("RGB", (255, 51, 0), [1, 0.2, 0]),
    ],
)
def test_modes_become_rgb(tmp_path, mode, colour, expected):
    Image.new(mode, (5, 4), colour).save(tmp_path / "a.png")
    image = load_image(tmp_path / "a.png").image
    assert image.shape == (1, 3, 4, 5)
    if expected:
        assert torch.allclose(image[0, :, 1, 1], torch.tensor(expected).float(), atol=0.003)


def test_cmyk_and_float_tiff_become_rgb(tmp_path):
    Image.new("CMYK", (5, 4), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    red = load_image(tmp_path / "a.jpg").image[0, :, 1, 1]
    assert red[0] > 0.8
    assert red[1] < 0.3
    Image.new("F", (5, 4), 0.4).save(tmp_path / "a.tiff")
    assert load_image(tmp_path / "a.tiff").image.mean().item() == pytest.approx(0.4, abs=0.002)


def test_an_icc_profile_is_converted_to_srgb(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    Image.new("LAB", (5, 4), (128, 200, 128)).save(tmp_path / "a.tiff", icc_profile=lab.tobytes())
    colour = load_image(tmp_path / "a.tiff").image[0, :, 1, 1]
    assert colour[0] > colour[2] > colour[1]  # a lightness of one half, far on the red axis
    Image.new("RGB", (5, 4), "red").save(tmp_path / "b.png", icc_profile=b"damaged")
    assert load_image(tmp_path / "b.png").image[0, :, 1, 1].tolist() == [1, 0, 0]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_kept_aside_and_restored(tmp_path, mode):
    picture = gradient_picture().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    if mode == "P":
        picture = picture.convert("RGB").quantize(8)
        picture.info["transparency"] = 0
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    photo = load_image(tmp_path / "a.png")
    assert photo.image.shape[1] == 3
    assert photo.alpha is not None
    save_image(to_pil(photo.image, photo.alpha), tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as before, Image.open(tmp_path / "b.png") as after:
        assert before.convert("RGBA").tobytes() == after.tobytes()


def test_alpha_that_a_format_cannot_hold_is_said(tmp_path):
    picture = Image.new("RGBA", (5, 4), (1, 2, 3, 4))
    assert "no transparency" in save_image(picture, tmp_path / "a.jpg")[0]
    assert (
        "no room for the recipe"
        in save_image(picture.convert("RGB"), tmp_path / "a.bmp", recipe_text=RECIPE)[0]
    )


def test_sizes_never_grow_unless_asked(tmp_path):
    gradient_picture(300, 200).save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png", longest=150).size == (100, 150)
    assert load_image(tmp_path / "a.png", longest=900).size == (200, 300)
    assert load_image(tmp_path / "a.png", longest=150).full_size == (200, 300)
    assert load_image(tmp_path / "a.png", size=(400, 600)).size == (400, 600)
    assert fit((3, 4000), 100) == (1, 100)


def test_a_picture_in_memory_is_hashed_by_its_pixels():
    assert photo_from(gradient_picture()).sha256 == photo_from(gradient_picture()).sha256
    assert photo_from(gradient_picture(30)).sha256 != photo_from(gradient_picture()).sha256


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def truncated_jpeg() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 50).convert("RGB").save(file, "JPEG")
    return file.getvalue()[: file.tell() // 2]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.png", b"", "is empty"),
        ("text.jpg", b"Dear diary, today I dreamt", "not a picture"),
        ("cut.jpg", truncated_jpeg(), "damaged or cut short"),
        ("cut.png", bomb(50, 50), "damaged or cut short"),
        ("bomb.png", bomb(13_000, 13_900), "179 megapixels, the limit"),
        ("phone.heic", b"\0\0\0\x18ftypheic", "pillow-heif|not a picture|damaged"),
        ("script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError, match=said) as caught:
        load_image(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        load_image(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="is a folder"):
        load_image(tmp_path)
    with pytest.raises(ImageError, match="does not exist"):
        read_recipe_text(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="not a picture"):
        read_recipe_text(Path(__file__))


def test_private_exif_is_not_carried_over(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Somebody Private"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 30.0, 0.0)
    gradient_picture().save(tmp_path / "a.jpg", exif=exif)
    assert b"Somebody Private" in (tmp_path / "a.jpg").read_bytes()
    dream = to_pil(load_image(tmp_path / "a.jpg").image)
    for suffix in ("jpg", "png", "webp", "tif", "avif"):
        path = tmp_path / f"b.{suffix}"
        save_image(dream, path, recipe_text=RECIPE)
        assert b"Somebody Private" not in path.read_bytes()
        with Image.open(path) as saved:
            assert not saved.getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_nothing_is_replaced_unless_asked(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists"):
        save_image(gradient_picture(), path)
    assert path.read_bytes() == b"precious"
    save_image(gradient_picture(), path, overwrite=True)
    assert load_image(path).size == (20, 31)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.xyz", "suffix .xyz; use one of .png"), ("a", "no suffix"), ("no/a.png", "make it first")],
)
def test_where_nothing_can_be_written_is_refused(tmp_path, name, said):
    with pytest.raises(OutputError, match=said):
        save_image(gradient_picture(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        save_image(gradient_picture(), tmp_path / "a.tif", recipe_text=RECIPE)
    assert list(tmp_path.iterdir()) == []
