"""Fixtures of the command-line tests."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, with a small photo, ``cat.png``."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(skimage.data.chelsea()[:80, :120]).save("cat.png")
    return tmp_path


@pytest.fixture
def folder_with_mask(folder) -> Path:
    """The current folder, with a photo, a mask of its right half and a guide."""
    mask = np.zeros((80, 120), np.uint8)
    mask[:, 60:] = 255
    Image.fromarray(mask).save("half.png")
    Image.fromarray(skimage.data.coffee()[::4, ::4]).save("coffee.jpg")
    return folder
