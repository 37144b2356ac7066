"""Where a step changes the image: near the class that is dreamt of, and away from the edges."""

import torch
from torch import Tensor

from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective
from puppyslug.recipe import Recipe
from puppyslug.recognition.class_maps import class_map, localise

FOCUS_INTERVAL = 5  # steps after which the focus is computed again
_FADE_EXPONENT = 0.5  # exponent of the focus, by which older detail is multiplied


def compute_focus(
    network: Network, image: Tensor, objective: Objective, recipe: Recipe, tile: Size | None = None
) -> Tensor | None:
    """Find where the network sees the classes that an objective names.

    Args:
        network: the network to evaluate.
        image: 1×3×H×W RGB in [0, 1].
        objective: only its terms that name a class, with a positive weight, matter.
        recipe: its ``focus`` is the sharpness.
        tile: (height, width) of the tiles; None for no tiling.

    Returns:
        1×1×H×W in [0, 1]; None for everywhere.
    """
    if not recipe.focus:
        return None
    classes = objective.resolve_labels(network.find_label).classes
    if not classes:
        return None
    maps = class_map(network, image, classes, tile)
    size = (image.shape[-2], image.shape[-1])
    return localise(maps, size, sharpness=recipe.focus)


def fade_detail(detail: Tensor, focus: Tensor) -> Tensor:
    """Weaken the detail of coarser octaves where the network has found nothing since."""
    return detail * (focus / focus.max()) ** _FADE_EXPONENT


def margin_mask(image: Tensor, margin: float) -> Tensor | None:
    """Compute a mask that fades out towards the edges of an image.

    Args:
        image: N×C×H×W.
        margin: width of the margin, as a share of the distance from edge to centre.

    Returns:
        1×1×H×W, rising from 0 at the edges to 1 at ``margin``; None if that is 0.
    """
    if not margin:
        return None
    rows, columns = (
        ((1 - torch.linspace(-1, 1, side, device=image.device).abs()) / margin).clamp(max=1)
        for side in image.shape[-2:]
    )
    return (rows[:, None] * columns)[None, None]


def multiply_masks(*masks: Tensor | None) -> Tensor | None:
    """Multiply masks; None stands for a mask of ones."""
    product = None
    for mask in masks:
        if mask is not None:
            product = mask if product is None else product * mask
    return product
