"""Where a network sees a thing: its class map at every position, and masks made from it."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import NetworkError
from puppyslug.gradient.activation_maps import whole_map
from puppyslug.images.filters import blur
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP

SOFTNESS = 1 / 40  # of a mask's edge, as a share of the picture's height


def class_map(
    network: Network, image: Tensor, classes: Sequence[int] | None = None, tile: Size | None = None
) -> Tensor:
    """Compute the logits of classes at every position.

    The mean over positions is the network's verdict on the whole picture, because pooling and
    classifier are linear (B. Zhou et al.: Learning Deep Features for Discriminative Localization,
    2015, arXiv:1512.04150).

    Args:
        network: one that knows classes.
        image: N×3×H×W RGB in [0, 1].
        classes: numbers of classes; None for all.
        tile: (height, width) of the tiles to look at it in; None for the whole at once.

    Returns:
        float32 N×classes×h×w.

    Raises:
        NetworkError: the network knows no classes.
    """
    if not network.spec.classes:
        raise NetworkError(f"{network.spec.name} knows no classes, so it has no class map")
    return whole_map(network, CLASS_MAP, image, classes, tile)


def where_seen(evidence: Tensor, size: Size, *, sharpness: float) -> Tensor:
    """Turn a class map into a soft mask of where the thing is.

    Args:
        evidence: 1×C×h×w, class maps; at every position the strongest counts.
        size: (height, width) of the mask.
        sharpness: how steeply the mask rises, per standard deviation of the map.

    Returns:
        1×1×height×width in [0, 1], above ½ where the evidence is above its mean by a third of its
        standard deviation; ½ everywhere where it is the same everywhere.
    """
    strongest = evidence.amax(1, keepdim=True)
    spread = strongest.std(correction=0)
    score = (strongest - strongest.mean()) / spread if spread > 0 else torch.zeros_like(strongest)
    score = interpolate(score, size=size, mode="bilinear", align_corners=False)
    mask = (sharpness * (score - 1 / 3)).sigmoid() if spread > 0 else score + 0.5
    return blur(mask, max(size) * SOFTNESS)
