"""How a picture is looked at to learn from it: cropped, turned, mirrored, lit otherwise.

Every view is decided by a key of its own, so that views can be kept and come out the same again.
"""

import hashlib
import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from puppyslug.images.filters import blur
from puppyslug.recognition.classification import looked_at

ROOM = 8 / 7  # how much larger than a view a picture is, so that there is something to choose from
LEAST_AREA = 0.35  # of the picture's shorter edge squared that a view shows
TURN = 7.0  # degrees, standard deviation
LIGHT, TINT, CONTRAST = 0.25, 0.08, 0.2  # standard deviations of logarithms
ROUGH = 0.2  # share of views that are grainy, and of those that are blurred


def generator_for(*parts: object) -> np.random.Generator:
    """A random generator that these parts decide."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def plain_view(image: Tensor, edge: int) -> Tensor:
    """The middle of a picture, as it is.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        edge: of the view, in pixels.
    """
    image = looked_at(image, edge)
    top, left = ((length - edge) // 2 for length in image.shape[-2:])
    return image[..., top : top + edge, left : left + edge]


def random_views(image: Tensor, edge: int, count: int, generator: np.random.Generator) -> Tensor:
    """Look at a picture in many ways.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        edge: of the views, in pixels.
        count: how many.
        generator: decides them.

    Returns:
        count×3×edge×edge RGB in [0, 1].
    """
    image = looked_at(image, round(edge * ROOM))
    return torch.cat([_view(image, edge, generator) for _ in range(count)])


def _view(image: Tensor, edge: int, generator: np.random.Generator) -> Tensor:
    height, width = image.shape[-2:]
    side = min(height, width) * math.sqrt(generator.uniform(LEAST_AREA, 1))
    middle = [generator.uniform(side / 2, length - side / 2) for length in (width, height)]
    angle = math.radians(TURN * generator.standard_normal())
    mirrored = -1 if generator.random() < 0.5 else 1
    across, down = side / width, side / height
    cosine, sine = math.cos(angle), math.sin(angle)
    grid = affine_grid(
        torch.tensor(
            [
                [
                    [across * cosine * mirrored, -across * sine, 2 * middle[0] / width - 1],
                    [down * sine * mirrored, down * cosine, 2 * middle[1] / height - 1],
                ]
            ],
            dtype=torch.float32,
        ),
        [1, 3, edge, edge],
        align_corners=False,
    )
    view = grid_sample(
        image, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    ).clamp(0, 1)
    gamma, contrast = (math.exp(s * generator.standard_normal()) for s in (LIGHT, CONTRAST))
    tint = np.exp(TINT * generator.standard_normal(3)).astype(np.float32)
    view = (view**gamma - 0.5) * contrast + 0.5
    return _roughened((view * torch.from_numpy(tint).reshape(1, 3, 1, 1)), generator).clamp(0, 1)


def _roughened(view: Tensor, generator: np.random.Generator) -> Tensor:
    """Some views with grain, some out of focus: a thing is one all the same."""
    chance = generator.random()
    if chance < ROUGH:
        grain = generator.standard_normal(view.shape, dtype=np.float32)
        return view + torch.from_numpy(grain) * float(generator.uniform(0.02, 0.1))
    if chance < 2 * ROUGH:
        return blur(view, float(generator.uniform(0.7, 2.5)))
    return view
