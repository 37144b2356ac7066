"""Every mode × depth × byte order × alpha × profile × orientation × container.

The expected pixels are computed from the array that is encoded, never by puppyslug's own readers;
profiles and Lab colours are compared with the formulas that define them.
"""

import io
import itertools

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from puppyslug.errors import ImageError
from puppyslug.images import image_from_pil, load_image
from support.image_files import deep_png, linear_profile, store_turned

HEIGHT, WIDTH = 12, 18
RNG = np.random.default_rng(7)
PHOTO = RNG.random((HEIGHT, WIDTH, 3))
PHOTO[0, 0], PHOTO[0, 1] = 0, 1  # the whole range is there
GREY = PHOTO[..., 1]
ALPHA = RNG.random((HEIGHT, WIDTH))
ALPHA[0, 0], ALPHA[0, 1] = 0, 1


def read(path_or_picture):
    """Return H×W×3 in [0, 255], the alpha channel likewise or None, and the notices."""
    if isinstance(path_or_picture, Image.Image):
        loaded = image_from_pil(path_or_picture)
    else:
        loaded = load_image(path_or_picture)
    colour = loaded.image[0].permute(1, 2, 0).numpy() * 255
    return (
        colour,
        None if loaded.alpha is None else loaded.alpha[0, 0].numpy() * 255,
        loaded.notices,
    )


def quantise(values, bits):
    return (values * (2**bits - 1)).round()


def as_colour(values):
    return np.broadcast_to(values[..., None], (*values.shape, 3)) if values.ndim == 2 else values


def assert_shows(path_or_picture, colour, alpha=None, tolerance=1.01):
    found, found_alpha, notices = read(path_or_picture)
    assert found.shape == as_colour(colour).shape
    assert np.abs(found - as_colour(colour) * 255).max() <= tolerance
    assert (found_alpha is None) == (alpha is None)
    if alpha is not None:
        assert np.abs(found_alpha - alpha * 255).max() <= tolerance
    return notices


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits"])
@pytest.mark.parametrize("kind", ["grey", "white", "rgb", "cmyk"])
def test_tiff_files_of_integers(tmp_path, kind, bits, alpha, order, planar, compression):
    if planar and kind != "rgb" and not alpha:
        pytest.skip("one channel, or a layout that no program writes")
    if compression == "packbits" and bits == 16:
        pytest.skip("packbits is for bytes")
    shown = GREY if kind in ("grey", "white") else PHOTO
    stored = shown
    if kind == "white":
        stored = 1 - GREY
    elif kind == "cmyk":
        stored = np.concatenate([1 - PHOTO, np.zeros((HEIGHT, WIDTH, 1))], -1)
    if alpha:
        stored = np.concatenate(
            [stored[..., None] if stored.ndim == 2 else stored, ALPHA[..., None]], -1
        )
    array = quantise(stored, bits).astype(f"u{bits // 8}")
    if planar:
        array = np.moveaxis(array, -1, 0)
    photometric = {"grey": "minisblack", "white": "miniswhite", "rgb": "rgb", "cmyk": "separated"}
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, array, photometric=photometric[kind], byteorder=order, compression=compression,
        planarconfig="separate" if planar else ("contig" if array.ndim > 2 else None),
        extrasamples=["unassalpha"] if alpha else None, rowsperstrip=5, metadata=None,
    )  # fmt: skip
    assert_shows(path, shown, ALPHA if alpha else None)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("bits", [1, 2, 4, 10, 12, 14])
def test_tiff_files_of_few_and_odd_bits(tmp_path, bits, photometric, order):
    if bits in (2, 4):  # tifffile does not write these
        pytest.skip("no independent writer")
    stored = GREY if photometric == "minisblack" else 1 - GREY
    levels = quantise(stored, bits)
    array = levels.astype(bool if bits == 1 else np.uint16)
    path = tmp_path / "a.tif"
    options = {} if bits == 1 else {"bitspersample": bits, "compression": "packints"}
    try:
        tifffile.imwrite(path, array, photometric=photometric, byteorder=order, **options)
    except (ValueError, KeyError, NotImplementedError):
        pytest.skip("no independent writer")
    levels = levels / (2**bits - 1)
    assert_shows(path, levels if photometric == "minisblack" else 1 - levels)


@pytest.mark.parametrize("bits", [16, 32, 64])
@pytest.mark.parametrize("scale", [1, 255, 65_535])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("predictor", [False, True])
def test_tiff_files_of_floats(tmp_path, bits, scale, colour, predictor):
    if bits == 16 and scale > 255:
        pytest.skip("beyond float16")
    shown = PHOTO if colour else GREY
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        (shown * scale).astype(f"f{bits // 8}"),
        photometric="rgb" if colour else "minisblack",
        compression="zlib" if predictor else None,
        predictor=predictor,
    )
    notices = assert_shows(path, shown)
    assert bool(notices) == (scale > 1)
    assert not notices or str(scale) in notices[0]


@pytest.mark.parametrize("low_and_high", [(-1, 1), (0, 100), (1000, 2000), (0, 7), (-0.2, 1.3)])
@pytest.mark.parametrize("kind", ["f4", "i4", "i2", "u4"])
def test_values_of_any_range_are_scaled_to_it_with_a_notice(tmp_path, kind, low_and_high):
    low, high = low_and_high
    if (kind != "f4" and high - low < 50) or (low < 0 and kind == "u4"):
        pytest.skip("too few integers")
    values = low + GREY * (high - low)
    tifffile.imwrite(tmp_path / "a.tif", (values if kind == "f4" else values.round()).astype(kind))
    (notice,) = assert_shows(tmp_path / "a.tif", GREY, tolerance=2.6)
    assert "black to white" in notice


def test_values_that_are_no_numbers_do_not_count(tmp_path):
    array = GREY.astype(np.float32)
    array[3, :3] = np.nan, np.inf, -np.inf
    tifffile.imwrite(tmp_path / "a.tif", array)
    colour, _, notices = read(tmp_path / "a.tif")
    assert colour[3, :3, 0].tolist() == [0, 255, 0]
    assert np.abs(colour[4:, :, 0] - GREY[4:] * 255).max() <= 1
    assert not notices


@pytest.mark.parametrize("full", [np.uint32, np.int32])
def test_the_full_range_of_a_type_is_not_a_guess(tmp_path, full):
    tifffile.imwrite(tmp_path / "a.tif", (GREY * np.iinfo(full).max).astype(full))
    assert not assert_shows(tmp_path / "a.tif", GREY)


def lab_picture():
    rgb = Image.fromarray((PHOTO * 255).round().astype(np.uint8))
    return ImageCms.profileToProfile(
        rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )


@pytest.mark.parametrize("bits", [8, 16])
def test_lab_colours(tmp_path, bits):
    coarse = np.asarray(lab_picture())  # by Little CMS; a and b are signed
    a_and_b = coarse[..., 1:].astype(np.int8).astype(int) * 2 ** (bits - 8)
    light = coarse[..., :1] / 255 * (2**bits - 1)
    array = np.concatenate([light.round().astype(int), a_and_b], -1).astype(f"u{bits // 8}")
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="cielab")
    colour, _, _ = read(tmp_path / "a.tif")
    assert np.abs(colour - PHOTO * 255).mean() < 2  # 8 bits of Lab are coarse


def test_premultiplied_colours_are_divided_by_their_alpha(tmp_path):
    alpha = 0.25 + 0.75 * ALPHA
    array = quantise(np.concatenate([PHOTO * alpha[..., None], alpha[..., None]], -1), 16)
    tifffile.imwrite(
        tmp_path / "a.tif", array.astype("u2"), photometric="rgb", extrasamples=["assocalpha"]
    )
    assert_shows(tmp_path / "a.tif", PHOTO, alpha)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["grey", "grey+alpha", "rgb", "rgb+alpha"])
def test_png_files(tmp_path, kind, bits):
    base = GREY[..., None] if kind.startswith("grey") else PHOTO
    alpha = kind.endswith("alpha")
    stored = np.concatenate([base, ALPHA[..., None]], -1) if alpha else base
    (tmp_path / "a.png").write_bytes(deep_png(quantise(stored, bits), bits))
    shown = GREY if kind.startswith("grey") else PHOTO
    assert_shows(tmp_path / "a.png", shown, ALPHA if alpha else None)
    with Image.open(tmp_path / "a.png") as picture:
        assert_shows(picture, shown, ALPHA if alpha else None)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("kind", ["grey", "rgb"])
def test_the_transparent_colour_of_a_png(tmp_path, kind, bits):
    if kind == "rgb" and bits < 8:
        pytest.skip("no such PNG")
    levels = quantise(GREY[..., None] if kind == "grey" else PHOTO, bits)
    key = levels[5, 7]
    (tmp_path / "a.png").write_bytes(deep_png(levels, bits, key=key))
    shown = levels[..., 0] if kind == "grey" else levels
    alpha = np.where((levels == key).all(-1), 0.0, 1.0)
    assert_shows(tmp_path / "a.png", shown / (2**bits - 1), alpha)
    with Image.open(tmp_path / "a.png") as picture:
        assert_shows(picture, shown / (2**bits - 1), alpha)


def test_a_palette_with_transparency(tmp_path):
    picture = Image.fromarray((PHOTO * 255).astype(np.uint8)).quantize(9)
    transparency = bytes(range(0, 250, 28))
    picture.save(tmp_path / "a.png", transparency=transparency)
    indices = np.asarray(picture)
    palette = np.array(picture.getpalette()).reshape(-1, 3)
    alpha = np.frombuffer(transparency, np.uint8)
    assert_shows(tmp_path / "a.png", palette[indices] / 255, alpha[indices] / 255)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("container", ["png", "tif"])
@pytest.mark.parametrize("kind", ["grey", "rgb"])
def test_linear_profiles_are_applied_at_full_depth(tmp_path, kind, container, bits):
    profile = linear_profile(kind)
    shown = GREY if kind == "grey" else PHOTO
    levels = quantise(shown, bits)
    path = tmp_path / f"a.{container}"
    if container == "png":
        stored = levels[..., None] if kind == "grey" else levels
        path.write_bytes(deep_png(stored, bits, profile=profile))
    else:
        array = levels.astype(f"u{bits // 8}")
        tifffile.imwrite(
            path, array, photometric="minisblack" if kind == "grey" else "rgb", iccprofile=profile
        )
    linear = levels / (2**bits - 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert_shows(path, srgb, tolerance=3)


def test_a_profile_of_colours_applies_to_grey_and_others_are_ignored(tmp_path):
    grey = Image.fromarray((GREY * 255).round().astype(np.uint8))
    linear = (GREY * 255).round() / 255
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    grey.save(tmp_path / "a.png", icc_profile=linear_profile("rgb"))
    assert_shows(tmp_path / "a.png", srgb, tolerance=3)
    colour = Image.fromarray((PHOTO * 255).round().astype(np.uint8))
    colour.save(tmp_path / "b.png", icc_profile=linear_profile("grey"))
    assert_shows(tmp_path / "b.png", PHOTO)


@pytest.mark.parametrize("container", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_in_every_container(tmp_path, container, orientation):
    rows, columns = np.mgrid[0:48, 0:64]
    upright = np.stack([rows * 5, columns * 3, 0 * rows + 90], -1).astype(np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = Image.fromarray(store_turned(upright, orientation))
    path = tmp_path / f"a.{container}"
    stored.save(path, exif=exif, quality=95)
    assert_shows(path, upright / 255, tolerance=30 if container in ("jpg", "webp", "avif") else 0)
    with Image.open(path) as picture:
        assert_shows(picture, upright / 255, tolerance=30)
    if container == "tif":
        tifffile.imwrite(
            path, store_turned(upright, orientation).astype("u2") * 257, photometric="rgb",
            extratags=[(274, 3, 1, orientation, True)],
        )  # fmt: skip
        assert_shows(path, upright / 255)


@pytest.mark.parametrize("profile", [False, True])
def test_cmyk_jpeg(tmp_path, profile):
    stored = np.concatenate([255 - PHOTO * 255, np.zeros((HEIGHT, WIDTH, 1))], -1)
    flat = np.broadcast_to(stored[:1, :1], stored.shape).astype(np.uint8)
    icc = linear_profile("rgb") if profile else None  # for other colours: it is ignored
    Image.fromarray(flat.copy(), "CMYK").save(tmp_path / "a.jpg", icc_profile=icc, quality=95)
    assert_shows(tmp_path / "a.jpg", np.broadcast_to(PHOTO[:1, :1], PHOTO.shape), tolerance=6)


MEMORY_MODES = ["1", "L", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LA", "La", "RGBa",
                "PA", "LAB", "I", "F", "I;16", "I;16B"]  # fmt: skip


@pytest.mark.parametrize("mode", MEMORY_MODES)
def test_images_in_memory_of_every_mode(mode):
    rgb = Image.fromarray((PHOTO * 255).round().astype(np.uint8))
    grey = Image.fromarray((GREY * 255).round().astype(np.uint8))
    if mode == "LAB":
        assert np.abs(read(lab_picture())[0] - PHOTO * 255).mean() < 2
        return
    if mode.startswith("I;16"):
        order = ">u2" if mode == "I;16B" else "<u2"
        deep = quantise(GREY, 16).astype(order)
        picture = Image.frombytes(mode, (WIDTH, HEIGHT), deep.tobytes())
        assert_shows(picture, GREY)
        return
    if mode in ("I", "F"):
        assert_shows(
            Image.fromarray((GREY * 255).round().astype("i4" if mode == "I" else "f4")), GREY
        )
        return
    if mode == "PA":
        picture = grey.convert("LA").convert("PA")
    elif mode in ("La", "RGBa"):
        picture = (grey if mode == "La" else rgb).convert(mode.upper()).convert(mode)
    else:
        picture = rgb.convert(mode)
    colour, _, _ = read(picture)
    if mode in ("La", "RGBa"):
        assert np.abs(colour - as_colour(GREY if mode == "La" else PHOTO) * 255).max() <= 1
    else:
        assert np.abs(colour - np.asarray(picture.convert("RGBA").convert("RGB"))).max() <= 1


MODES = ["L", "RGB", "RGBA", "LA", "P", "1", "CMYK", "I;16"]


@settings(max_examples=60)
@given(
    mode=st.sampled_from(MODES),
    suffix=st.sampled_from(["png", "tif", "jpg", "webp", "bmp"]),
    orientation=st.integers(1, 8),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    seed=st.integers(0, 99),
)
def test_files_and_images_in_memory_are_alike(
    mode, suffix, orientation, size, seed, tmp_path_factory
):
    values = np.random.default_rng(seed).integers(0, 256, (*size, 4), np.uint8)
    picture = Image.fromarray(values).convert("L" if mode == "I;16" else mode)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path_factory.mktemp("alike") / f"a.{suffix}"
    try:
        picture.save(path, exif=exif)
    except (OSError, KeyError):
        return  # a mode that the format does not have
    loaded = load_image(path)
    with Image.open(path) as opened:
        in_memory = image_from_pil(opened)
    assert loaded.size == in_memory.size
    assert (loaded.image - in_memory.image).abs().max() <= 1 / 255
    assert (loaded.alpha is None) == (in_memory.alpha is None)


@pytest.mark.parametrize(
    ("array", "options", "reason"),
    [
        (np.zeros((8, 8), np.complex64), {}, "bits"),
        (np.zeros((8, 8, 4, 3), np.uint16), {"volumetric": True, "photometric": "rgb"}, "axes"),
        (np.zeros((8, 8), np.uint16), {"photometric": 32803}, "raw camera data"),
    ],
)
def test_tiff_files_of_other_kinds_are_refused_with_the_reason(tmp_path, array, options, reason):
    extra = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, b"\0\1\1\2", True)]
    if options.get("photometric") == 32803:
        options = {**options, "extratags": extra}
    if options.get("volumetric"):
        options = {**options, "tile": (16, 16, 16)}
    try:
        tifffile.imwrite(tmp_path / "a.tif", array, **options)
    except ValueError:
        pytest.skip("tifffile does not write it")
    with pytest.raises(ImageError, match=rf"a\.tif is a TIFF of a kind.*{reason}.*8 or 16 bits"):
        load_image(tmp_path / "a.tif")


def test_a_truncated_tiff_is_refused(tmp_path):
    file = io.BytesIO()
    for kind, compression in itertools.product(("u2", "f4"), (None, "zlib", "lzw")):
        tifffile.imwrite(file, (GREY * 255).astype(kind), compression=compression)
        data = file.getvalue()
        offset = data.rfind(b"\0" * 2) if compression is None else len(data) - 9
        (tmp_path / "a.tif").write_bytes(data[: min(offset, len(data) - 9)])
        with pytest.raises(ImageError, match=r"a\.tif"):
            load_image(tmp_path / "a.tif")
        file = io.BytesIO()
