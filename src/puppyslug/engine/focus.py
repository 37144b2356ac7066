"""Where a step may change the picture: near the thing that is asked for, away from the edges."""

import torch
from torch import Tensor

from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective
from puppyslug.recipe.recipe import Recipe
from puppyslug.recognition.class_maps import class_map, where_seen

REFOCUS = 5  # steps after which the network is asked again where it sees the thing
_FADING = 0.5  # power of the focus by which older detail fades where nothing is seen


def focus_on(
    network: Network, image: Tensor, objective: Objective, recipe: Recipe, tile: Size | None = None
) -> Tensor | None:
    """Find where the network sees what an objective asks for by name.

    Args:
        network: what looks at the picture.
        image: 1×3×H×W RGB in [0, 1].
        objective: only its ``seen`` terms matter.
        recipe: its ``focus`` says how sharp.
        tile: (height, width) of the tiles to look in; None for the whole at once.

    Returns:
        1×1×H×W in [0, 1]; None for everywhere.
    """
    if not recipe.focus or not objective.seen:
        return None
    classes = sorted({number for term in objective.seen for number in term.label.members})
    evidence = class_map(network, image, classes, tile)
    size = (image.shape[-2], image.shape[-1])
    return where_seen(evidence, size, sharpness=recipe.focus)


def faded(detail: Tensor, focus: Tensor) -> Tensor:
    """Older detail, taken back where the network has found nothing since."""
    return detail * (focus / focus.max()) ** _FADING


def margins(image: Tensor, margin: float) -> Tensor | None:
    """How far from its edges a picture may change.

    Args:
        image: N×C×H×W.
        margin: from the edges inwards, as a share of the way to the centre.

    Returns:
        1×1×H×W, rising from 0 at the edges to 1 at ``margin``; None for everywhere.
    """
    if not margin:
        return None
    rows, columns = (
        ((1 - torch.linspace(-1, 1, edge, device=image.device).abs()) / margin).clamp(max=1)
        for edge in image.shape[-2:]
    )
    return (rows[:, None] * columns)[None, None]


def product(*masks: Tensor | None) -> Tensor | None:
    """Masks multiplied; None stands for one of ones."""
    result = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None else result * mask
    return result
