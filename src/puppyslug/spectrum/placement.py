"""Where in an image a named thing is drawn: where a network already sees a little of it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.images.filters import blur
from puppyslug.images.sizes import Size
from puppyslug.spectrum.crops import Window

EXTENT = 0.9  # diameter of a thing, as a share of the image's shorter side
_SOFTNESS = 0.12  # of the rim, in radii
_RIM = 0.9  # radii, where the mask is half of its height
_CROP_SIDES = (0.85, 1.3)  # of the crops, as shares of the diameter
_CENTRE_WEIGHT = 0.7  # of the distance from the image's centre, in standard deviations of the map


@dataclass(frozen=True)
class Place:
    """A disc of the image.

    Attributes:
        y: row of its centre, as a share of the height.
        x: column of its centre, as a share of the width.
        extent: its diameter, as a share of the image's shorter side.
    """

    y: float
    x: float
    extent: float = EXTENT

    def window(self) -> Window:
        """Return where crops are taken."""
        low, high = (self.extent * share for share in _CROP_SIDES)
        return Window((low, high), (self.y, self.x))

    def mask(self, size: Size, floor: float = 0.0) -> Tensor:
        """Return 1×1×H×W in [0, 1]: 1 in the disc, falling softly to ``floor``."""
        height, width = size
        rows = (torch.arange(height) + 0.5) / height - self.y
        columns = (torch.arange(width) + 0.5) / width - self.x
        radius = self.extent * min(size) / 2
        distance = ((rows * height)[:, None].square() + (columns * width).square()).sqrt() / radius
        disc = torch.sigmoid((_RIM - distance) / _SOFTNESS)
        return (floor + (1 - floor) * disc)[None, None]


def find_places(class_map: Tensor, size: Size, count: int, extent: float) -> tuple[Place, ...]:
    """Choose the places that resemble the thing most, apart from each other.

    Args:
        class_map: 1×classes×h×w logits of the thing's classes at every position.
        size: (height, width) of the image.
        count: number of places.
        extent: diameter of each, as a share of the image's shorter side.
    """
    height, width = size
    short = min(size)
    best = class_map.amax(1, keepdim=True)
    best = interpolate(best, size=size, mode="bicubic", align_corners=False)
    best = blur(best, extent * short / 4)
    likelihood = ((best - best.mean()) / best.std().clamp(min=1e-6))[0, 0]
    rows = ((torch.arange(height) + 0.5) / height - 0.5)[:, None]
    columns = (torch.arange(width) + 0.5) / width - 0.5
    centred = ((2 * rows).square() + (2 * columns).square()).sqrt()
    likelihood = likelihood - _CENTRE_WEIGHT * centred
    radius = extent * short / 2
    inside = torch.full_like(likelihood, -torch.inf)
    top, left = (min(int(radius), (length - 1) // 2) for length in size)
    window = slice(top, height - top), slice(left, width - left)
    inside[window] = likelihood[window]
    places = []
    for _ in range(count):
        row, column = divmod(int(inside.argmax()), width)
        places.append(Place((row + 0.5) / height, (column + 0.5) / width, extent))
        near = (torch.arange(height) - row)[:, None].square() + (
            torch.arange(width) - column
        ).square()
        inside = torch.where(near < (2 * radius) ** 2, inside - 1e3, inside)
    return tuple(places)
