"""How a step looks at the picture: shifted and rescaled at random, so that no pixel is special.

A view is linear in the picture, so the gradient goes back through its transpose.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad

from puppyslug.images.sizes import Size

SMALLEST_VIEW = 96  # pixels, of the shorter edge


@dataclass(frozen=True)
class View:
    """One way to look at pictures of one size.

    Attributes:
        shift: rows and columns by which the picture is moved down and right.
        size: (height, width) that it is then resampled to.
        mirrored: whether the picture goes on mirrored beyond its edges, instead of wrapping around.
    """

    shift: Size
    size: Size
    mirrored: bool = False

    def of(self, image: Tensor) -> Tensor:
        """The picture as it is looked at: N×C×H×W → N×C×``size``."""
        down, right = self.shift
        if not self.mirrored:
            image = image.roll(self.shift, (2, 3))
        elif down or right:
            image = _mirror_shifted(image, down, right)
        if image.shape[-2:] == self.size:
            return image
        return interpolate(image, size=self.size, mode="bilinear", align_corners=False)

    def back(self, gradient: Tensor, size: Size) -> Tensor:
        """The gradient with respect to the picture, from that with respect to the view.

        Args:
            gradient: N×C×``size``.
            size: (height, width) of the picture.
        """
        down, right = self.shift
        if not self.mirrored and gradient.shape[-2:] == size:
            return gradient.roll((-down, -right), (2, 3))
        with torch.enable_grad():
            picture = gradient.new_zeros(*gradient.shape[:2], *size).requires_grad_()
            (transposed,) = torch.autograd.grad(self.of(picture), picture, gradient)
        return transposed


def draw_view(
    generator: np.random.Generator,
    size: Size,
    *,
    jitter: int,
    rescale: float = 0.0,
    mirrored: bool = False,
    smallest: int = 1,
) -> View:
    """Draw a view at random.

    Args:
        generator: two draws for the jitter (the notebook's: along x, then along y), one more
            where ``rescale`` is not 0.
        size: (height, width) of the picture.
        jitter: the picture is moved by up to this many pixels along x and y; mirrored, by less
            than its own edges.
        rescale: it is scaled down by up to this share, though not below ``SMALLEST_VIEW``.
        mirrored: as in ``View``.
        smallest: shortest edge, in pixels, that the layers need; it is not scaled below that.
    """
    right, down = (int(shift) for shift in generator.integers(-jitter, jitter + 1, 2))
    if mirrored:
        down, right = (
            max(1 - edge, min(edge - 1, shift))
            for shift, edge in zip((down, right), size, strict=True)
        )
    factor = 1 - rescale * generator.random() if rescale else 1.0
    factor = max(factor, min(1.0, max(SMALLEST_VIEW, smallest) / min(size)))
    height, width = (max(1, round(edge * factor)) for edge in size)
    return View((down, right), (height, width), mirrored)


@dataclass(frozen=True)
class Turn:
    """A picture framed in grey, then moved, turned and scaled a little.

    Attributes:
        pad: pixels of grey on every side.
        shift: by which it is moved right and down, in shares of half its edge.
        angle: by which it is turned, in degrees.
        scale: by which it is enlarged.
    """

    pad: int
    shift: tuple[float, float]
    angle: float
    scale: float

    def of(self, image: Tensor) -> Tensor:
        """N×C×E×E → the same; beyond the frame the picture goes on mirrored."""
        framed = pad(image, (self.pad,) * 4, value=0.5)
        turn = math.radians(self.angle)
        enlarged = self.scale * framed.shape[-1] / image.shape[-1]
        cosine, sine = math.cos(turn) / enlarged, math.sin(turn) / enlarged
        right, down = self.shift
        matrix = image.new_tensor([[cosine, -sine, right], [sine, cosine, down]])
        places = affine_grid(matrix.expand(len(image), 2, 3), image.shape, align_corners=False)  # type: ignore[arg-type]
        return grid_sample(framed, places, padding_mode="reflection", align_corners=False)


def draw_turn(
    generator: np.random.Generator, around: int, *, turn: float = 8.0, rescale: float = 0.12
) -> Turn:
    """Draw a turn at random (Lucid's transformation robustness).

    Args:
        generator: where it comes from.
        around: pixels of grey on every side.
        turn: degrees, either way.
        rescale: share by which it is enlarged or made smaller.
    """
    right, down, angle, scale = generator.uniform(-1, 1, 4)
    shift = (0.15 * float(right), 0.15 * float(down))
    return Turn(around, shift, turn * float(angle), 1 + rescale * float(scale))


def _mirror_shifted(image: Tensor, down: int, right: int) -> Tensor:
    height, width = image.shape[-2:]
    sides = (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0))
    padded = pad(image, sides, mode="reflect")
    top, left = max(-down, 0), max(-right, 0)
    return padded[..., top : top + height, left : left + width]
