"""Generated negatives: clouds, noise, textures, and portraits of the base network's classes."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from puppyslug.images import generate_clouds, generate_noise
from puppyslug.images.reader import read_image
from puppyslug.images.sizes import Size
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.visualization.atlas import Atlas, list_atlases

IMAGES_PER_KIND = 36
MAX_PORTRAITS = 180
SIZE = (240, 320)  # (height, width) of the generated images


def generate_negatives(
    excluded_classes: frozenset[int] = frozenset(),
) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    """Generate images that show none of the new classes.

    The portraits are those of the atlas of ImageNet's classes that puppyslug includes. They
    resemble dreams of other classes.

    Args:
        excluded_classes: indices of ImageNet's classes that may coincide with a new class.

    Yields:
        A name that identifies the image, and a function that returns it: 1×3×H×W RGB in [0, 1].
    """
    kinds = {"clouds": generate_clouds, "noise": generate_noise, "texture": random_texture}
    for seed in range(IMAGES_PER_KIND):
        for kind, make in kinds.items():
            yield f"{kind} {seed}", partial(make, SIZE, seed)
    atlas = _find_class_atlas()
    if atlas is None:
        return
    count = len(atlas.index.entries)
    for number in range(0, count, max(1, count // MAX_PORTRAITS)):
        if number not in excluded_classes:
            yield f"portrait {atlas.index.weights} {number}", partial(_portrait, atlas, number)


def random_texture(size: Size, seed: int) -> Tensor:
    """Generate a random texture: stripes, checks, noise and plain colour.

    Args:
        size: (height, width) in pixels.
        seed: of the texture.

    Returns:
        1×3×height×width RGB in [0, 1].
    """
    generator = np.random.default_rng((seed, 7))
    rows, columns = (torch.linspace(0, 1, length) for length in size)
    waves = torch.zeros(1, 3, *size)
    for _ in range(int(generator.integers(1, 4))):
        angle, phase = generator.uniform(0, np.pi), generator.uniform(0, 2 * np.pi)
        frequency = 2 ** generator.uniform(1, 6)
        position = rows[:, None] * float(np.sin(angle)) + columns * float(np.cos(angle))
        wave = torch.sin(position * float(2 * np.pi * frequency) + float(phase))
        if generator.random() < 0.5:  # square wave
            wave = wave.sign()
        colour = torch.from_numpy(generator.normal(0, 0.2, 3).astype(np.float32))
        waves += wave * colour.reshape(1, 3, 1, 1)
    grain = generator.standard_normal((1, 3, *size), dtype=np.float32)
    mean = torch.from_numpy(generator.uniform(0.2, 0.8, 3).astype(np.float32))
    noise_std = float(generator.choice([0.0, 0.02, 0.15]))
    return (mean.reshape(1, 3, 1, 1) + waves + noise_std * torch.from_numpy(grain)).clamp(0, 1)


def _find_class_atlas() -> Atlas | None:
    for atlas in list_atlases():
        if atlas.index.layer == CLASS_MAP and atlas.index.vocabulary == "imagenet":
            return atlas
    return None


def _portrait(atlas: Atlas, number: int) -> Tensor:
    return read_image(atlas.portrait(number), atlas.index.size).image
