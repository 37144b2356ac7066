"""Augmentation of training images: random crops, rotations, reflections, exposure, noise and blur.

Each image has its own random generator, so that the features of its views can be cached.
"""

import hashlib
import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from puppyslug.images.filters import blur
from puppyslug.recognition.classification import resize_for_classifier

RESIZE_MARGIN = 8 / 7  # shorter side of the image that views are cropped from, in side lengths
MIN_CROP_AREA = 0.35  # as a fraction of the largest square
ROTATION_STD = 7.0  # degrees
GAMMA_STD, TINT_STD, CONTRAST_STD = 0.25, 0.08, 0.2  # of logarithms
NOISE_PROBABILITY = BLUR_PROBABILITY = 0.2
NOISE_RANGE = (0.02, 0.1)  # standard deviation of the noise
BLUR_RANGE = (0.7, 2.5)  # pixels


def seeded_generator(*parts: object) -> np.random.Generator:
    """Create a random generator whose seed is a hash of the given parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def centre_crop(image: Tensor, size: int) -> Tensor:
    """Resize an image and crop its centre.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        size: side length of the crop in pixels.

    Returns:
        1×3×size×size.
    """
    image = resize_for_classifier(image, size)
    top, left = ((length - size) // 2 for length in image.shape[-2:])
    return image[..., top : top + size, left : left + size]


def random_views(image: Tensor, size: int, count: int, generator: np.random.Generator) -> Tensor:
    """Draw random views of an image.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        size: side length of the views in pixels.
        count: number of views.
        generator: source of all random numbers.

    Returns:
        count×3×size×size RGB in [0, 1].
    """
    image = resize_for_classifier(image, round(size * RESIZE_MARGIN))
    return torch.cat([_random_view(image, size, generator) for _ in range(count)])


def _random_view(image: Tensor, size: int, generator: np.random.Generator) -> Tensor:
    view = _random_crop(image, size, generator)
    gamma, contrast = (math.exp(s * generator.standard_normal()) for s in (GAMMA_STD, CONTRAST_STD))
    tint = np.exp(TINT_STD * generator.standard_normal(3)).astype(np.float32)
    view = (view**gamma - 0.5) * contrast + 0.5
    view = view * torch.from_numpy(tint).reshape(1, 3, 1, 1)
    return _add_noise_or_blur(view, generator).clamp(0, 1)


def _random_crop(image: Tensor, size: int, generator: np.random.Generator) -> Tensor:
    """Sample a rotated, possibly mirrored square."""
    height, width = image.shape[-2:]
    side = min(height, width) * math.sqrt(generator.uniform(MIN_CROP_AREA, 1))
    centre = [generator.uniform(side / 2, length - side / 2) for length in (width, height)]
    angle = math.radians(ROTATION_STD * generator.standard_normal())
    mirror = -1 if generator.random() < 0.5 else 1
    across, down = side / width, side / height
    cosine, sine = math.cos(angle), math.sin(angle)
    matrix = [
        [across * cosine * mirror, -across * sine, 2 * centre[0] / width - 1],
        [down * sine * mirror, down * cosine, 2 * centre[1] / height - 1],
    ]
    theta = torch.tensor([matrix], dtype=torch.float32)
    grid = affine_grid(theta, [1, 3, size, size], align_corners=False)
    crop = grid_sample(image, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    return crop.clamp(0, 1)


def _add_noise_or_blur(view: Tensor, generator: np.random.Generator) -> Tensor:
    draw = generator.random()
    if draw < NOISE_PROBABILITY:
        noise = generator.standard_normal(view.shape, dtype=np.float32)
        return view + torch.from_numpy(noise) * float(generator.uniform(*NOISE_RANGE))
    if draw < NOISE_PROBABILITY + BLUR_PROBABILITY:
        return blur(view, float(generator.uniform(*BLUR_RANGE)))
    return view
