import errno
import hashlib
import os

import numpy as np
import pytest
import torch
from PIL import Image

from puppyslug.errors import OutputError
from puppyslug.images import (
    WRITABLE_SUFFIXES,
    load_image,
    save_image,
    supports_alpha,
    to_pil,
    validate_output_size,
)
from support.images import gradient_image

RECIPE = '{"octaves": 4}'


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_every_format_is_written_and_read_back(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    picture = gradient_image()
    save_image(picture, path)
    loaded = load_image(path)
    expected = torch.from_numpy(np.asarray(picture) / np.float32(255)).permute(2, 0, 1)[None]
    lossless = suffix in {".png", ".tif", ".tiff", ".bmp"}
    assert (loaded.image - expected).abs().mean() <= (0 if lossless else 0.05)
    assert loaded.name == path.name
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_lower_quality_gives_a_smaller_file(tmp_path):
    for quality in (20, 90):
        save_image(gradient_image(300, 200), tmp_path / f"{quality}.jpg", quality=quality)
    assert (tmp_path / "20.jpg").stat().st_size < (tmp_path / "90.jpg").stat().st_size


def test_values_out_of_range_are_clipped():
    image = torch.tensor([-1.0, 0.5, 2.0]).reshape(1, 3, 1, 1)
    assert to_pil(image).getpixel((0, 0)) == (0, 128, 255)


def test_a_notice_names_what_the_format_cannot_store(tmp_path):
    transparent = Image.new("RGBA", (5, 4), (1, 2, 3, 4))
    (notice,) = save_image(transparent, tmp_path / "a.jpg")
    assert "transparency" in notice
    assert "a.jpg" in notice
    (notice,) = save_image(transparent.convert("RGB"), tmp_path / "a.bmp", recipe_text=RECIPE)
    assert "recipe" in notice
    assert "a.bmp" in notice
    assert save_image(transparent, tmp_path / "a.png", recipe_text=RECIPE) == []


def test_formats_with_transparency_are_known(tmp_path):
    assert supports_alpha(tmp_path / "a.WEBP")
    assert not supports_alpha(tmp_path / "a.jpg")


def test_an_existing_file_is_only_replaced_on_request(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"a\.png.*overwrite=True"):
        save_image(gradient_image(), path)
    assert path.read_bytes() == b"precious"
    save_image(gradient_image(), path, overwrite=True)
    assert load_image(path).size == (20, 31)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("name", "offending"), [("a.xyz", r"\.xyz.*\.png"), ("a", r"a .*\.png"), ("no/a.png", "no")]
)
def test_paths_that_cannot_be_written_are_refused(tmp_path, name, offending):
    with pytest.raises(OutputError, match=offending):
        save_image(gradient_image(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_sides_beyond_a_formats_limit_are_refused(tmp_path):
    validate_output_size(tmp_path / "a.webp", (16_383, 5))
    validate_output_size(tmp_path / "a.png", (16_384, 5))
    with pytest.raises(OutputError, match=r"16384.*16383.*\.png"):
        validate_output_size(tmp_path / "a.webp", (16_384, 5))


def test_a_full_disk_leaves_no_file_behind(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.tif.*No space left on device"):
        save_image(gradient_image(), tmp_path / "a.tif", recipe_text=RECIPE)
    assert list(tmp_path.iterdir()) == []
