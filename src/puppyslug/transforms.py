"""How a step looks at the picture: shifted and rescaled at random, so that no pixel is special.

A view is linear in the picture, so the gradient goes back through its transpose.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

Size = tuple[int, int]
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


def _mirror_shifted(image: Tensor, down: int, right: int) -> Tensor:
    height, width = image.shape[-2:]
    sides = (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0))
    padded = pad(image, sides, mode="reflect")
    top, left = max(-down, 0), max(-right, 0)
    return padded[..., top : top + height, left : left + width]
