"""Random affine transforms, applied before every step of a portrait for translation robustness."""

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

MAX_SHIFT = 0.15  # as a fraction of half the padded side length
MAX_ANGLE = 8.0  # degrees
MAX_SCALE_CHANGE = 0.12


@dataclass(frozen=True)
class RandomAffine:
    """Grey padding followed by a small translation, rotation and scaling.

    Attributes:
        padding: width of the grey border on every side, in pixels.
        shift: translation to the right and down, as fractions of half the padded side length.
        angle: rotation, in degrees.
        scale: magnification.
    """

    padding: int
    shift: tuple[float, float]
    angle: float
    scale: float

    def apply(self, image: Tensor) -> Tensor:
        """Transform square images, N×C×E×E → N×C×E×E; the padded image is continued mirrored."""
        padded = pad(image, (self.padding,) * 4, value=0.5)
        angle = math.radians(self.angle)
        zoom = self.scale * padded.shape[-1] / image.shape[-1]
        cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
        right, down = self.shift
        matrix = image.new_tensor([[cosine, -sine, right], [sine, cosine, down]])
        grid = affine_grid(matrix.expand(len(image), 2, 3), list(image.shape), align_corners=False)
        return grid_sample(padded, grid, padding_mode="reflection", align_corners=False)


def draw_random_affine(generator: np.random.Generator, padding: int) -> RandomAffine:
    """Draw a random transform (transformation robustness, as in Lucid).

    Args:
        generator: source of four uniform draws.
        padding: width of the grey border on every side, in pixels.
    """
    right, down, angle, scale = generator.uniform(-1, 1, 4)
    shift = (MAX_SHIFT * float(right), MAX_SHIFT * float(down))
    return RandomAffine(
        padding, shift, MAX_ANGLE * float(angle), 1 + MAX_SCALE_CHANGE * float(scale)
    )
