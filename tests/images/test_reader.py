import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import ExifTags, Image, ImageCms

from puppyslug.errors import ImageError
from puppyslug.images import image_from_pil, load_image, save_image, to_pil
from puppyslug.images.reader import read_image
from support.images import gradient_image, png_with_header, truncated_jpeg


def test_the_first_frame_of_an_animation_is_read(tmp_path):
    first, second = Image.new("RGB", (9, 7), "red"), Image.new("RGB", (9, 7), "blue")
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert load_image(tmp_path / "a.gif").image[0, :, 3, 3].tolist() == [1, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(tmp_path, orientation):
    upright = gradient_image()
    # the inverse of the transposition that the orientation asks for
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
        ("RGB", (255, 51, 0), [1, 0.2, 0]),
    ],
)
def test_modes_are_converted_to_rgb(tmp_path, mode, colour, expected):
    Image.new(mode, (5, 4), colour).save(tmp_path / "a.png")
    image = load_image(tmp_path / "a.png").image
    assert image.shape == (1, 3, 4, 5)
    assert torch.allclose(image[0, :, 1, 1], torch.tensor(expected).float(), atol=0.003)


def test_palettes_are_converted_to_rgb(tmp_path):
    picture = Image.new("P", (5, 4), 1)
    picture.putpalette([0, 0, 0, 255, 51, 0])
    picture.save(tmp_path / "a.png")
    colour = load_image(tmp_path / "a.png").image[0, :, 1, 1]
    assert torch.allclose(colour, torch.tensor([1, 0.2, 0]), atol=0.003)


def test_cmyk_and_float_tiff_are_converted_to_rgb(tmp_path):
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
    assert colour[0] > colour[2] > colour[1]  # lightness one half, far on the red axis
    Image.new("RGB", (5, 4), "red").save(tmp_path / "b.png", icc_profile=b"damaged")
    assert load_image(tmp_path / "b.png").image[0, :, 1, 1].tolist() == [1, 0, 0]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_separated_and_restored(tmp_path, mode):
    picture = gradient_image().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    if mode == "P":
        picture = picture.convert("RGB").quantize(8)
        picture.info["transparency"] = 0
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    loaded = load_image(tmp_path / "a.png")
    assert loaded.image.shape[1] == 3
    assert loaded.alpha is not None
    save_image(to_pil(loaded.image, loaded.alpha), tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as before, Image.open(tmp_path / "b.png") as after:
        assert before.convert("RGBA").tobytes() == after.tobytes()


def test_images_are_only_enlarged_to_an_exact_size(tmp_path):
    gradient_image(300, 200).save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png", longest=150).size == (100, 150)
    assert load_image(tmp_path / "a.png", longest=900).size == (200, 300)
    assert load_image(tmp_path / "a.png", longest=150).original_size == (200, 300)
    assert load_image(tmp_path / "a.png", size=(400, 600)).size == (400, 600)


def test_an_image_in_memory_is_hashed_by_its_pixels():
    loaded = image_from_pil(gradient_image())
    assert loaded.name == ""
    assert loaded.sha256 == image_from_pil(gradient_image()).sha256
    assert loaded.sha256 != image_from_pil(gradient_image(30)).sha256


def test_files_and_images_in_memory_are_read_alike(tmp_path):
    picture = gradient_image()
    picture.save(tmp_path / "a.png")
    for source in (str(tmp_path / "a.png"), tmp_path / "a.png", picture):
        assert to_pil(read_image(source).image).tobytes() == picture.tobytes()
        assert read_image(source, 10).size == (6, 10)
    with pytest.raises(ImageError, match="dict"):
        read_image({})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.png", b""),
        ("text.jpg", b"Dear diary, today I dreamt"),
        ("truncated.jpg", truncated_jpeg()),
        ("large.png", png_with_header(13_000, 13_900)),
    ],
)
def test_a_file_that_is_no_image_is_named_in_one_line(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError, match=name) as caught:
        load_image(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_missing_files_folders_and_devices_are_refused(tmp_path):
    for path in (tmp_path / "missing.png", tmp_path, Path("/dev/null")):
        with pytest.raises(ImageError, match=path.name):
            load_image(path)


def test_an_image_without_pixels_is_refused():
    with pytest.raises(ImageError, match="0"):
        image_from_pil(Image.new("RGB", (0, 5)))


@pytest.mark.parametrize(
    "write", ["planar 16 bits", "planar grey and alpha", "signed bytes", "JPEG without its end"]
)
def test_a_file_that_pillow_has_only_opened_is_read_as_the_file(tmp_path, write):
    values = np.random.default_rng(0).integers(0, 65_536, (20, 30, 3), np.uint16)
    planes = np.moveaxis(values, -1, 0)
    path = tmp_path / "photo"
    if write == "planar 16 bits":
        tifffile.imwrite(path, planes, planarconfig="separate", photometric="rgb")
    elif write == "planar grey and alpha":
        grey = (planes[:2] >> 8).astype(np.uint8)
        options = {"planarconfig": "separate", "extrasamples": ["unassalpha"]}
        tifffile.imwrite(path, grey, photometric="minisblack", **options)
    elif write == "signed bytes":
        tifffile.imwrite(path, (planes[0] >> 8).astype(np.int8), photometric="minisblack")
    else:
        stream = io.BytesIO()
        Image.fromarray((values >> 8).astype(np.uint8)).save(stream, "JPEG")
        path.write_bytes(stream.getvalue()[:-2])
    from_file = load_image(path)
    with Image.open(path) as opened:
        in_memory = image_from_pil(opened)
    assert torch.equal(in_memory.image, from_file.image)
    assert (in_memory.alpha is None) == (from_file.alpha is None)
    if write == "planar 16 bits":
        expected = torch.from_numpy(planes / 65_535).float()
        assert (from_file.image[0] - expected).abs().max() <= 0.51 / 255


def test_the_first_frame_of_an_animated_webp_is_read(tmp_path):
    frames = [Image.new("RGB", (32, 20), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    image = load_image(tmp_path / "a.webp").image
    assert image.shape == (1, 3, 20, 32)
    assert image.mean((0, 2, 3)).tolist() == pytest.approx([254 / 255, 0, 0], abs=0.01)
