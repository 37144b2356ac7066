"""Random views of an image, shifted and rescaled, for translation and scale robustness.

A view is linear in the image, so a gradient is mapped back by its transpose.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad

from puppyslug.images.sizes import Size

MIN_VIEW_SIZE = 96  # pixels, shorter side of a rescaled view


@dataclass(frozen=True)
class View:
    """A linear transform of images of one size.

    Attributes:
        shift: rows and columns by which the image is moved down and right.
        size: (height, width) to which the shifted image is resampled.
        mirrored: whether the shift reflects the image at its edges instead of wrapping it around.
        angle: by which the shifted image is rotated around its centre, in degrees; the corners are
            filled by reflection.
        flipped: whether the image is then flipped from left to right.
    """

    shift: Size
    size: Size
    mirrored: bool = False
    angle: float = 0.0
    flipped: bool = False

    def apply(self, image: Tensor) -> Tensor:
        """Transform an image, N×C×H×W → N×C×``size``."""
        down, right = self.shift
        if not self.mirrored:
            image = image.roll(self.shift, (2, 3))
        elif down or right:
            image = _shift_mirrored(image, down, right)
        if self.angle:
            image = _rotate(image, self.angle)
        if self.flipped:
            image = image.flip(3)
        if image.shape[-2:] == self.size:
            return image
        return interpolate(image, size=self.size, mode="bilinear", align_corners=False)

    def apply_transpose(self, gradient: Tensor, size: Size) -> Tensor:
        """Convert the gradient with respect to the view to that with respect to the image.

        Args:
            gradient: N×C×``size``.
            size: (height, width) of the image.
        """
        down, right = self.shift
        if self.flipped and not self.mirrored and not self.angle:
            return replace(self, flipped=False).apply_transpose(gradient.flip(3), size)
        if not self.mirrored and not self.angle and gradient.shape[-2:] == size:
            return gradient.roll((-down, -right), (2, 3))
        with torch.enable_grad():
            image = gradient.new_zeros(*gradient.shape[:2], *size).requires_grad_()
            (transposed,) = torch.autograd.grad(self.apply(image), image, gradient)
        return transposed


def draw_view(
    generator: np.random.Generator,
    size: Size,
    *,
    jitter: int,
    rescale: float = 0.0,
    mirrored: bool = False,
    angle: float = 0.0,
    flipped: bool = False,
    min_size: int = 1,
) -> View:
    """Draw a random view.

    Args:
        generator: two numbers are drawn for the jitter (in the notebook's order: x, then y), and
            one more unless ``rescale`` is 0.
        size: (height, width) of the image.
        jitter: maximum shift along x and y, in pixels; a mirrored shift is also less than the side.
        rescale: maximum share by which the view is scaled down; its shorter side stays at least
            ``MIN_VIEW_SIZE``.
        mirrored: as in ``View``.
        angle: as in ``View``.
        flipped: as in ``View``.
        min_size: shorter side, in pixels, that the layers require.
    """
    right, down = (int(shift) for shift in generator.integers(-jitter, jitter + 1, 2))
    if mirrored:
        down, right = (
            max(1 - side, min(side - 1, shift))
            for shift, side in zip((down, right), size, strict=True)
        )
    factor = 1 - rescale * generator.random() if rescale else 1.0
    factor = max(factor, min(1.0, max(MIN_VIEW_SIZE, min_size) / min(size)))
    height, width = (max(1, round(side * factor)) for side in size)
    return View((down, right), (height, width), mirrored, angle, flipped)


def _shift_mirrored(image: Tensor, down: int, right: int) -> Tensor:
    """Shift an image, and fill the uncovered pixels by reflection."""
    height, width = image.shape[-2:]
    sides = (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0))
    padded = pad(image, sides, mode="reflect")
    top, left = max(-down, 0), max(-right, 0)
    return padded[..., top : top + height, left : left + width]


def _rotate(image: Tensor, angle: float) -> Tensor:
    """Rotate an image around its centre, clockwise, and fill the corners by reflection."""
    height, width = image.shape[-2:]
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    matrix = ((cosine, sine * height / width, 0.0), (-sine * width / height, cosine, 0.0))
    grid = affine_grid(image.new_tensor(matrix)[None], [1, 1, height, width], align_corners=False)
    grid = grid.expand(len(image), -1, -1, -1)
    return grid_sample(image, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
