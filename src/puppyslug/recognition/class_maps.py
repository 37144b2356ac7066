"""Class maps: where a network sees a class, and masks computed from that."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import LabelError, NetworkError
from puppyslug.gradient.activation_maps import compute_activation_map
from puppyslug.images.filters import blur
from puppyslug.images.sizes import Size
from puppyslug.images.tensors import as_image_tensor
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks.network import Network, require_network
from puppyslug.networks.specs import CLASS_MAP

MASK_BLUR = 1 / 40  # blur of a mask, as a share of the image's longer side


@isolated
def class_map(
    network: Network, image: Tensor, classes: Sequence[int] | None = None, tile: Size | None = None
) -> Tensor:
    """Compute the logits of classes at every position.

    Their mean over all positions is the network's logit for the whole image, because pooling and
    classifier are linear (Zhou et al., "Learning Deep Features for Discriminative Localization",
    2015, arXiv:1512.04150).

    Args:
        network: a network with classes.
        image: N×3×H×W RGB in [0, 1].
        classes: indices of classes; None for all.
        tile: (height, width) of the tiles; None for no tiling.

    Returns:
        float32 N×classes×h×w.

    Raises:
        NetworkError: the network has no classes.
    """
    require_network(network)
    if not network.spec.classes:
        raise NetworkError(
            f"{network.spec.name} has no classes, so no class map; use a network with classes"
        )
    if classes is not None:
        _check_classes(network, classes)
    image = as_image_tensor(image, batch=True).to(network.device)
    return compute_activation_map(network, CLASS_MAP, image, classes, tile)


def _check_classes(network: Network, classes: Sequence[int]) -> None:
    count = network.spec.classes
    is_valid = not isinstance(classes, str) and all(
        isinstance(number, int) and 0 <= number < count for number in classes
    )
    if not is_valid or not len(classes):
        raise LabelError(
            f"classes is {str(classes)[:60]}; use a list of numbers from 0 to {count - 1}, such as "
            "network.find_label(NAME).class_numbers"
        )


def localise(class_maps: Tensor, size: Size, *, sharpness: float) -> Tensor:
    """Convert class maps to a soft mask of where one of the classes is.

    Args:
        class_maps: 1×C×h×w; the maximum over the classes counts.
        size: (height, width) of the mask.
        sharpness: slope of the mask per standard deviation of the map.

    Returns:
        1×1×height×width in [0, 1], above ½ where the map exceeds its mean by a third of its
        standard deviation; ½ everywhere if the map is constant.
    """
    strongest = class_maps.amax(1, keepdim=True)
    deviation = strongest.std(correction=0)
    score = (
        (strongest - strongest.mean()) / deviation if deviation > 0 else torch.zeros_like(strongest)
    )
    score = interpolate(score, size=size, mode="bilinear", align_corners=False)
    mask = (sharpness * (score - 1 / 3)).sigmoid() if deviation > 0 else score + 0.5
    return blur(mask, max(size) * MASK_BLUR)
