"""Moves a picture a little: what a film's next frame starts from."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from torch import Tensor

from puppyslug.recipe.recipe import Recipe

SPLINE = 5  # its order


def as_array(image: Tensor) -> NDArray[np.float32]:
    """1×C×H×W as H×W×C."""
    array: NDArray[np.float32] = image[0].permute(1, 2, 0).cpu().contiguous().numpy()
    return array


def as_tensor(array: NDArray[np.float32]) -> Tensor:
    """H×W×C as 1×C×H×W."""
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))[None]


def moves(recipe: Recipe) -> bool:
    """Whether a recipe moves its frames at all."""
    return (recipe.zoom, recipe.rotate, recipe.pan_x, recipe.pan_y) != (1, 0, 0, 0)


def moved(image: Tensor, recipe: Recipe) -> Tensor:
    """Enlarge, turn and shift a picture about its centre, as a recipe says.

    Splines of the fifth order keep it sharp and its brightness where it is over hundreds of frames;
    beyond its edges a picture goes on mirrored.

    Args:
        image: 1×3×H×W in [0, 1].
        recipe: its ``zoom``, ``rotate`` (counter-clockwise), ``pan_x`` and ``pan_y``.

    Returns:
        1×3×H×W in [0, 1].
    """
    if not moves(recipe):
        return image
    size = np.array(image.shape[-2:])
    centre = (size - 1) / 2
    shift = np.array((recipe.pan_y, recipe.pan_x)) / 100 * size
    angle = math.radians(recipe.rotate)
    turn = np.array(((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))))
    back = turn / recipe.zoom  # from a place in the result to its place in the picture
    result = np.stack(
        [
            affine_transform(
                plane, back, centre - back @ (centre + shift), order=SPLINE, mode="mirror"
            )
            for plane in image[0].cpu().numpy()
        ]
    )
    return torch.from_numpy(result.clip(0, 1).astype(np.float32))[None].to(image.device)
