"""The readers of puppyslug, with valid input of every kind that they read."""

import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import safetensors.torch
import tifffile
import torch
from PIL import ExifTags, Image

from puppyslug.engine.inputs import load_photo
from puppyslug.images import extract_recipe_text, load_image, save_image
from puppyslug.networks.weights.formats import read_weights_file
from puppyslug.objectives import parse_objective
from puppyslug.objectives.parser import parse_objectives
from puppyslug.recipe import Recipe
from puppyslug.recipe.keyframes import parse_keyframes
from puppyslug.video.reader import probe_video, read_comment, read_frames
from support.caffe_files import V1, V2, caffemodel
from support.films import encode_video, moving_scene
from support.image_files import deep_png, linear_profile, repair_png
from support.images import gradient_image
from support.mutations import Target

_EXIF_TAGS = {
    ExifTags.Base.Orientation: 6,
    ExifTags.Base.XResolution: 72.0,
    ExifTags.Base.Make: "Camera",
    ExifTags.Base.DateTime: "2015:07:01 12:00:00",
}


def exif() -> Image.Exif:
    found = Image.Exif()
    for tag, value in _EXIF_TAGS.items():
        found[tag] = value
    directory = found.get_ifd(ExifTags.IFD.Exif)
    directory[ExifTags.Base.ExposureTime] = 0.01
    directory[ExifTags.Base.UserComment] = b"ASCII\0\0\0comment"
    found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 30.0, 0.0)
    return found


def encode(picture: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return file.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, metadata=None, **options)
    return file.getvalue()


def pictures() -> Target:
    photo = gradient_image(40, 30)
    levels = np.asarray(photo)
    alpha = photo.convert("RGBA")
    frames = [photo.rotate(angle) for angle in (10, 20)]
    profile = linear_profile("rgb")
    seeds = {
        "a.jpg": encode(photo, "JPEG", exif=exif(), icc_profile=profile),
        "progressive.jpg": encode(photo, "JPEG", progressive=True),
        "cmyk.jpg": encode(photo.convert("CMYK"), "JPEG"),
        "a.png": encode(alpha, "PNG", exif=exif(), icc_profile=profile),
        "palette.png": encode(photo.quantize(16), "PNG", transparency=bytes(range(16))),
        "deep.png": deep_png(levels.astype(int) * 257, 16, key=(0, 0, 0)),
        "a.apng": encode(photo, "PNG", save_all=True, append_images=frames),
        "a.webp": encode(alpha, "WEBP", exif=exif()),
        "a.avif": encode(photo, "AVIF", exif=exif()),
        "a.gif": encode(photo, "GIF", save_all=True, append_images=frames),
        "a.bmp": encode(photo, "BMP"),
        "a.mpo": encode(photo, "MPO", save_all=True, append_images=frames),
        "a.tif": encode(photo, "TIFF", exif=exif()),
        "lzw.tif": encode(alpha, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": encode(photo, "TIFF", compression="jpeg"),
        "deep.tif": tiff(levels.astype(np.uint16) * 257, photometric="rgb", compression="lzw"),
        "float.tif": tiff(levels / np.float32(255), photometric="rgb", compression="zlib",
                          predictor=True, tile=(16, 16)),
        "planes.tif": tiff(np.moveaxis(levels, -1, 0).astype(np.uint16), photometric="rgb",
                           planarconfig="separate", byteorder=">"),
    }  # fmt: skip
    return Target(load_image, seeds, repair=repair_png)


def exif_data() -> Target:
    """Pictures that are EXIF for the most part, so that most mutations hit it."""
    tiny = Image.new("RGB", (1, 1))
    seeds = {f"a.{suffix}": encode(tiny, format_, exif=exif())
             for suffix, format_ in (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"),
                                     ("tif", "TIFF"), ("avif", "AVIF"))}  # fmt: skip

    def read(path: Path) -> None:
        load_image(path)
        extract_recipe_text(path.read_bytes(), path.name)

    def read_all(path: Path) -> None:
        try:
            read(path)
        except Exception as error:
            if "contains no recipe" not in str(error):
                raise

    return Target(read_all, seeds, repair=repair_png)


def recipe_text() -> str:
    recipe = Recipe.complete(
        {"objective": "relu2_2:3 + 0.5*relu4_4", "network": "vgg19", "seed": 4, "octaves": 3}
    )
    return recipe.with_scheduled_changes((0, 1, 2), {"step_size": 3.0}).to_json()


def recipes_in_files(folder: Path) -> Target:
    seeds = {"recipe.json": recipe_text().encode()}
    for suffix in ("png", "jpg", "webp", "tif", "avif"):
        path = folder / f"a.{suffix}"
        save_image(gradient_image(4, 4), path, recipe_text=recipe_text())
        seeds[path.name] = path.read_bytes()

    def read(path: Path) -> None:
        data = path.read_bytes()
        if path.suffix == ".json":
            Recipe.from_json(data.decode("utf-8", "replace"))
        else:
            Recipe.from_json(extract_recipe_text(data, path.name))

    return Target(read, seeds)


def films(folder: Path) -> Target:
    scene = moving_scene(3, (48, 64))
    seeds = {}
    for name, options in {
        "a.mp4": {"tone": True},
        "a.mkv": {},
        "a.webm": {"codec": "libvpx-vp9"},
        "a.avi": {"codec": "mpeg4"},
        "a.ts": {},
        "a.gif": {"codec": "gif", "pix_fmt": "rgb8"},
    }.items():
        seeds[name] = encode_video(folder / name, scene, **options).read_bytes()

    def read(path: Path) -> None:
        try:
            read_comment(path)
        except Exception as error:
            if "contains no recipe" not in str(error):
                raise
        probe_video(path)
        for _ in read_frames(path):
            pass

    return Target(read, seeds)


def caffe_weights() -> Target:
    rng = np.random.default_rng(0)
    layers = {
        "conv1": ("Convolution", [rng.random((4, 3, 3, 3)), rng.random(4)]),
        "fc": ("InnerProduct", [rng.random((5, 4)), rng.random(5)]),
    }
    seeds = {f"{version}.caffemodel": caffemodel(layers, version) for version in (V1, V2)}
    return Target(read_weights_file, seeds)


def state() -> dict[str, torch.Tensor]:
    return {"features.0.weight": torch.ones(4, 3, 3, 3), "features.0.bias": torch.zeros(4)}


def safetensors_weights() -> Target:
    half = {name: tensor.half() for name, tensor in state().items()}
    seeds = {
        "a.safetensors": safetensors.torch.save(state()),
        "half.safetensors": safetensors.torch.save(half, {"format": "pt"}),
    }
    return Target(read_weights_file, seeds)


def torch_weights() -> Target:
    def save(content: object, *, zipped: bool) -> bytes:
        file = io.BytesIO()
        torch.save(content, file, _use_new_zipfile_serialization=zipped)
        return file.getvalue()

    checkpoint = {"epoch": 3, "model": state(), "optimizer": {"state": {0: {"m": torch.ones(2)}}}}
    seeds = {
        "a.pth": save(state(), zipped=True),
        "old.pth": save(state(), zipped=False),
        "checkpoint.pth": save(checkpoint, zipped=True),
    }
    return Target(read_weights_file, seeds)


def schedules() -> Target:
    texts = ["4s:relu5_2", "100:zoom=1.02", "0:step_size=1.5", "2.5s:objective=see(dog) + relu1_1"]
    entries = {"4s": {"objective": "relu4_4", "zoom": 1.01}, "10": {"step_size": 3}}
    seeds = {f"{index}.txt": text.encode() for index, text in enumerate(texts)}
    seeds["a.json"] = json.dumps(entries).encode()

    def read(path: Path) -> None:
        text = path.read_bytes().decode("utf-8", "replace")
        parse_keyframes([str(path) if path.suffix == ".json" else text], Fraction(25))

    return Target(read, seeds, text=True)


def objectives() -> Target:
    texts = [
        "relu4_4",
        "see(goldfish) - 0.5*relu2_1",
        "relu2_2:3 + 2*relu4_1:5@3,4",
        'guide("a b.jpg", relu4_4)',
        "strongest(relu3_3, 4) + 0.1*vgg19::relu1_1",
        "inception_4c/output - 3*see(golden retriever)",
    ]
    seeds = {f"{index}.txt": text.encode() for index, text in enumerate(texts)}

    def read(path: Path) -> None:
        text = path.read_bytes().decode("utf-8", "replace")
        parse_objectives(text)
        parse_objective(text)

    return Target(read, seeds, text=True)


def recipe_settings() -> Target:
    """Recipes as JSON, changed as text."""

    def read(path: Path) -> None:
        recipe = Recipe.from_json(path.read_bytes().decode("utf-8", "replace"))
        recipe.combined_objective()
        if isinstance(recipe.photo, str):
            return
        load_photo(recipe, gradient_image(20, 20))

    return Target(read, {"a.json": recipe_text().encode()}, text=True)


def _in_folder(build: Callable[[Path], Target]) -> Callable[[], Target]:
    def create() -> Target:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            return build(Path(folder))

    return create


TARGETS: dict[str, Callable[[], Target]] = {
    "picture": pictures,
    "exif": exif_data,
    "recipe": _in_folder(recipes_in_files),
    "settings": recipe_settings,
    "film": _in_folder(films),
    "caffemodel": caffe_weights,
    "safetensors": safetensors_weights,
    "pth": torch_weights,
    "schedule": schedules,
    "objective": objectives,
}
