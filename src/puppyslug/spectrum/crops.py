"""Random square crops of an image, on which a network scores it.

The network sees the image at several sizes and places, so that what it responds to is a thing and
not a pattern that depends on one position.
"""

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn.functional import interpolate, pad

from puppyslug.images.sizes import Size

MARGIN = 0.1  # of the grey border, as a share of the shorter side
GREYS = (0.3, 0.7)  # range of the border's brightness


@dataclass(frozen=True)
class Window:
    """Where crops are taken, and how large they are.

    Attributes:
        sides: smallest and largest side of a crop, as shares of the image's shorter side.
        centre: (y, x) of the middle of the crops, as shares of height and width; None for anywhere.
        shift: largest shift from there, as a share of the crop's side.
        border_share: share of the crops for which the image first gets a grey border, so that
            things end inside the image.
    """

    sides: tuple[float, float]
    centre: tuple[float, float] | None = None
    shift: float = 0.15
    border_share: float = 0.0


@dataclass(frozen=True)
class Crop:
    """A square of an image, resampled to the size that a network sees.

    Attributes:
        border: width of the border that is added on every side first, in pixels.
        grey: brightness of the border.
        top: first row, in the image with its border.
        left: first column.
        side: of the square, in pixels.
        size: side of the result, in pixels.
        mirrored: whether left and right are exchanged.
    """

    border: int
    grey: float
    top: int
    left: int
    side: int
    size: int
    mirrored: bool

    def apply(self, image: Tensor) -> Tensor:
        """Crop images, N×C×H×W → N×C×``size``×``size``."""
        if self.border:
            image = pad(image, (self.border,) * 4, value=self.grey)
        rows, columns = (slice(start, start + self.side) for start in (self.top, self.left))
        view = image[..., rows, columns]
        if self.side != self.size:
            view = interpolate(
                view,
                size=(self.size, self.size),
                mode="bilinear",
                align_corners=False,
                antialias=self.side > self.size,
            )
        return view.flip(-1) if self.mirrored else view


def draw_crop(generator: np.random.Generator, image: Size, window: Window, size: int) -> Crop:
    """Draw a random crop.

    Args:
        generator: source of six uniform draws.
        image: (height, width) of the image.
        window: where crops are taken.
        size: side of the result, in pixels.
    """
    has_border, grey, share, down, right, flip = generator.random(6)
    shorter = min(image)
    low, high = window.sides
    side = max(1, round((low + (high - low) * share) * shorter))
    border = round(MARGIN * shorter) if has_border < window.border_share else 0
    if side > shorter + 2 * border:
        if window.border_share:
            border = math.ceil((side - shorter) / 2)
        else:
            side = shorter
    rows, columns = (length + 2 * border for length in image)
    if window.centre is None:
        top, left = down * (rows - side), right * (columns - side)
    else:
        y, x = window.centre
        top, left = (
            border + centre * length - side / 2 + (2 * draw - 1) * window.shift * side
            for centre, length, draw in ((y, image[0], down), (x, image[1], right))
        )
    top, left = (min(max(0, round(one)), end - side) for one, end in ((top, rows), (left, columns)))
    greys = GREYS[0] + (GREYS[1] - GREYS[0]) * float(grey)
    return Crop(border, greys, int(top), int(left), side, size, bool(flip < 0.5))
