"""Pictures of none of the things: clouds, noise, textures, and portraits of what the base knows."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from puppyslug.images import clouds, noise
from puppyslug.images.reader import read_picture
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.visualization.atlas import Atlas, list_atlases

EACH = 36  # clouds, noises and textures
PORTRAITS = 180
SIZE = (240, 320)  # (height, width) of what is generated


def pictures_of_nothing(
    avoided: frozenset[int] = frozenset(),
) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    """Pictures that are none of anybody's things.

    The portraits of classes are the nearest there is to dreams of other things. They come with
    the install.

    Args:
        avoided: numbers of ImageNet's classes that a thing may be one of.

    Yields:
        A name, always of the same picture, and what makes it: 1×3×H×W RGB in [0, 1].
    """
    for seed in range(EACH):
        for make in (clouds, noise, texture):
            yield f"{make.__name__} {seed}", partial(make, SIZE, seed)
    atlas = _classes()
    if atlas is None:
        return
    entries = atlas.index.entries
    chosen = range(0, len(entries), max(1, len(entries) // PORTRAITS))
    for number in chosen:
        if number not in avoided:
            yield f"portrait {atlas.index.weights} {number}", partial(_portrait, atlas, number)


def _portrait(atlas: Atlas, number: int) -> Tensor:
    return read_picture(atlas.portrait(number), atlas.index.size).image


def texture(size: tuple[int, int], seed: int) -> Tensor:
    """Waves and spots at random: stripes, checks, grain and flat colour.

    Args:
        size: (height, width) in pixels.
        seed: which.

    Returns:
        1×3×height×width RGB in [0, 1].
    """
    generator = np.random.default_rng((seed, 7))
    rows, columns = (torch.linspace(0, 1, edge) for edge in size)
    total = torch.zeros(1, 3, *size)
    for _ in range(int(generator.integers(1, 4))):
        angle, phase = generator.uniform(0, np.pi), generator.uniform(0, 2 * np.pi)
        waves = 2 ** generator.uniform(1, 6)
        place = rows[:, None] * float(np.sin(angle)) + columns * float(np.cos(angle))
        wave = torch.sin(place * float(2 * np.pi * waves) + float(phase))
        if generator.random() < 0.5:  # hard edges
            wave = wave.sign()
        colour = torch.from_numpy(generator.normal(0, 0.2, 3).astype(np.float32))
        total += wave * colour.reshape(1, 3, 1, 1)
    grain = generator.standard_normal((1, 3, *size), dtype=np.float32)
    ground = torch.from_numpy(generator.uniform(0.2, 0.8, 3).astype(np.float32))
    rough = float(generator.choice([0.0, 0.02, 0.15]))
    return (ground.reshape(1, 3, 1, 1) + total + rough * torch.from_numpy(grain)).clamp(0, 1)


def _classes() -> Atlas | None:
    """The atlas of ImageNet's classes, where it is here."""
    for atlas in list_atlases():
        if atlas.index.layer == CLASS_MAP and atlas.index.vocabulary == "imagenet":
            return atlas
    return None
