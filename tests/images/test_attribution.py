"""Author, copyright, profile and position, from a photo to its dream."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from puppyslug.images import load_image, save_image, to_pil
from puppyslug.images.attribution import attach, attached, read_attribution

GPS = ExifTags.IFD.GPSInfo


def adobe_like_profile():
    """A profile of RGB colours other than sRGB: sRGB's with red and blue exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = data.index(b"rXYZ"), data.index(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return (
        bytes(data)
        .replace(b"sRGB", b"test")
        .replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    )


PROFILE = adobe_like_profile()


def encode(kind, **options):
    pixels = np.random.default_rng(1).integers(60, 200, (24, 32, 3), np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada Müller"
    exif[ExifTags.Base.Copyright] = "(c) 2024 Ada"
    exif[ExifTags.Base.Model] = "Camera 7"
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.5)})
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(buffer, kind, exif=exif, icc_profile=PROFILE, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_attribution_is_read_from_every_format(kind):
    found = read_attribution(encode(kind))
    assert found.artist in ("Ada Müller", "Ada M?ller")  # Pillow writes TIFF tags as it likes
    assert found.copyright == "(c) 2024 Ada"
    assert found.profile == PROFILE
    if kind != "TIFF":  # in which Pillow does not write it
        assert float(found.position[2][2]) == 12.5


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_a_dream_keeps_them_and_nothing_else(suffix, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(encode("JPEG", quality=95))
    photo = load_image(tmp_path / "photo.jpg")
    picture = attach(to_pil(photo.image), photo.attribution.keep("keep"))
    save_image(picture, tmp_path / f"dream{suffix}", recipe_text='{"seed": 1}')
    with Image.open(tmp_path / f"dream{suffix}") as dream:
        exif = dream.getexif()
        assert exif[ExifTags.Base.Artist] == photo.attribution.artist
        assert exif[ExifTags.Base.Copyright] == "(c) 2024 Ada"
        assert ExifTags.Base.Model not in exif
        assert not exif.get_ifd(GPS)
        assert dream.info["icc_profile"] == PROFILE
    colours = load_image(tmp_path / f"dream{suffix}").image  # converted from the profile again
    limit = 0.02 if suffix in (".png", ".tif") else 0.12
    assert float((colours - photo.image).abs().mean()) < limit


def test_the_position_is_kept_on_request_only(tmp_path):
    found = read_attribution(encode("JPEG"))
    assert not found.keep("keep").position
    assert found.keep("keep-position").position == found.position
    assert not found.keep("strip").artist
    picture = attach(Image.new("RGB", (8, 8)), found.keep("keep-position"))
    save_image(picture, tmp_path / "dream.jpg")
    kept = read_attribution((tmp_path / "dream.jpg").read_bytes()).position
    assert [float(part) for part in kept[2]] == [52.0, 31.0, 12.5]
    (notice,) = save_image(picture, tmp_path / "dream.tif")
    assert "position" in notice
    assert attached(picture).position
    assert attached(Image.new("RGB", (8, 8))).artist == ""


@pytest.mark.parametrize("cut", [10, 60, 200])
def test_damaged_metadata_is_left_out(cut):
    read_attribution(encode("JPEG")[:cut])
    read_attribution(encode("TIFF")[:cut])


def test_srgb_is_not_another_profile():
    buffer = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", icc_profile=profile)
    assert read_attribution(buffer.getvalue()).profile == b""
