"""Pictures to learn from, for the tests of teaching."""

from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

TEXTURES = ("brick", "grass", "gravel")
LEARNT, HELD_OUT = (0, 340), (345, 512)  # columns of the photographs


def texture_crops(folder: Path, columns: tuple[int, int], count: int, seed: int = 0) -> Path:
    """Square crops of scikit-image's photographs of brick, grass and gravel, a folder each."""
    generator = np.random.default_rng((seed, *columns))
    for name in TEXTURES:
        place = folder / name
        place.mkdir(parents=True)
        photo = getattr(skimage.data, name)()
        for number in range(count):
            edge = int(generator.integers(110, 160))
            top = int(generator.integers(0, 512 - edge))
            left = int(generator.integers(columns[0], columns[1] - edge))
            crop = photo[top : top + edge, left : left + edge]
            Image.fromarray(crop).save(place / f"{number:03}.png")
    return folder


def scribbles(folder: Path, count: int, seed: int) -> Path:
    """Pictures that are all different, of nothing at all."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        coarse = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:03}.png")
    return folder
