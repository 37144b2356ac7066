"""Folders of training images, and trainings that take seconds."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from puppyslug.training import classifier, dataset, negatives

TEXTURES = ("brick", "grass", "gravel")
TRAIN_COLUMNS, HOLDOUT_COLUMNS = (0, 340), (345, 512)  # of the photographs


def shorten_training(
    patch: pytest.MonkeyPatch, *, views: int = 16, blends: int = 2, generated: int = 2
) -> None:
    """Train on few views, blends and negatives, with a single penalty."""
    patch.setattr(dataset, "TOTAL_VIEWS", views)
    patch.setattr(dataset, "BLEND_COUNT", blends)
    patch.setattr(negatives, "IMAGES_PER_KIND", generated)
    patch.setattr(negatives, "MAX_PORTRAITS", generated)
    patch.setattr(classifier, "PENALTIES", (0.003,))


def save_texture_crops(folder: Path, columns: tuple[int, int], count: int, seed: int = 0) -> Path:
    """Save square crops of scikit-image's photographs of brick, grass and gravel, by class."""
    generator = np.random.default_rng((seed, *columns))
    for name in TEXTURES:
        class_folder = folder / name
        class_folder.mkdir(parents=True)
        photo = getattr(skimage.data, name)()
        for number in range(count):
            size = int(generator.integers(110, 160))
            top = int(generator.integers(0, 512 - size))
            left = int(generator.integers(columns[0], columns[1] - size))
            crop = photo[top : top + size, left : left + size]
            Image.fromarray(crop).save(class_folder / f"{number:03}.png")
    return folder


def save_random_images(folder: Path, count: int, seed: int) -> Path:
    """Save images of random blobs, no two of them near-duplicates."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        coarse = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:03}.png")
    return folder
