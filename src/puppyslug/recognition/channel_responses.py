"""The channels of a layer that an image activates most strongly, and where in the image."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import ObjectiveError
from puppyslug.gradient.activation_maps import compute_activation_map
from puppyslug.images.sizes import Size
from puppyslug.images.tensors import as_image_tensor
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks.network import Network, require_network
from puppyslug.objectives.terms.strongest import relative_responses

TILE = 512  # side length in pixels of the tiles in which a large image is evaluated


@dataclass(frozen=True)
class ChannelResponse:
    """The response of one channel to an image.

    Attributes:
        channel: index of the channel, from 0.
        ratio: the response divided by the channel's response to clouds and noise.
        activation: h×w, the positive part of the channel's activation at every position.
    """

    channel: int
    ratio: float
    activation: Tensor = field(repr=False)

    def heat_map(self, size: Size) -> Tensor:
        """Return the activation as a heat map for an image of this (height, width).

        The square root makes weak responses visible.

        Returns:
            1×1×height×width in [0, 1].
        """
        roots = self.activation[None, None].sqrt()
        smooth = interpolate(roots, size=size, mode="bicubic", align_corners=False).clamp(min=0)
        return smooth / smooth.max().clamp(min=torch.finfo().tiny)


@isolated
def strongest(network: Network, layer: str, image: Tensor, count: int) -> list[ChannelResponse]:
    """Find the channels that an image activates most strongly, relative to clouds and noise.

    Args:
        network: the network to evaluate.
        layer: name of the layer.
        image: 1×3×H×W RGB in [0, 1].
        count: number of channels; all, if the layer has fewer.

    Returns:
        The responses in descending order; see ``relative_responses``.

    Raises:
        NetworkError: no such layer.
        ObjectiveError: the image is too small for the layer.
    """
    require_network(network)
    image = as_image_tensor(image).to(network.device)
    if not (isinstance(count, int) and count >= 1):
        raise ObjectiveError(f"count is {count}; ask for at least 1 channel")
    ratios = relative_responses(
        network.spec.layer(layer), image, lambda one: activation_map(network, layer, one)
    )
    positive = activation_map(network, layer, image)[0].clamp(min=0)
    best = ratios.topk(min(count, len(ratios)))
    return [
        ChannelResponse(channel, ratio, positive[channel])
        for channel, ratio in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def activation_map(network: Network, layer: str, image: Tensor) -> Tensor:
    """Compute a layer's activation, float32 N×C×h×w, of an image of any size."""
    return compute_activation_map(network, layer, image, tile=(TILE, TILE))
