"""Which channels of a layer answer to a picture, and where in it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import ObjectiveError
from puppyslug.gradient.activation_maps import whole_map
from puppyslug.images import clouds, noise
from puppyslug.networks.network import Network
from puppyslug.objectives import ChannelTerm, Objective, StrongestTerm, Term

USUAL = 224  # pixels, of the pictures of nothing that answers are compared with
TILE = 512  # pixels, of a large picture that are looked at together
_FLOOR = 0.1  # of the layer's own usual answer, added to a channel's: hardly ever is not never


@dataclass(frozen=True)
class Answer:
    """One channel's answer to a picture.

    Attributes:
        channel: counted from 0.
        times: how many times stronger it is than the same channel's answer to clouds and noise.
        where: h×w, its activation at every position of the layer, none below 0.
    """

    channel: int
    times: float
    where: Tensor

    def heat(self, size: tuple[int, int]) -> Tensor:
        """Where it fires, 1×1×height×width in [0, 1], for a picture of this (height, width).

        Square roots, so that what is half as strong can still be seen.
        """
        roots = self.where[None, None].sqrt()
        smooth = interpolate(roots, size=size, mode="bicubic", align_corners=False).clamp(min=0)
        return smooth / smooth.max().clamp(min=torch.finfo().tiny)


def strongest(network: Network, layer: str, image: Tensor, count: int) -> list[Answer]:
    """The channels that answer to a picture more than they answer to any.

    Some channels of every layer answer to whatever they see. So answers, which are means of what
    is above 0 over all positions, are compared with those to puppyslug's own clouds and noise.

    Args:
        network: what looks at it.
        layer: the layer's name.
        image: 1×3×H×W RGB in [0, 1].
        count: how many channels; all, where there are fewer.

    Returns:
        The strongest first.

    Raises:
        NetworkError: no such layer.
        ObjectiveError: the picture is too small for the layer.
    """
    spec = network.spec.layer(layer)
    edge = max(USUAL, spec.smallest)
    size = (image.shape[-2], image.shape[-1])
    if min(size) < spec.smallest:
        raise ObjectiveError(
            f"{layer} of {network.spec.name} needs {spec.smallest} pixels, and the picture "
            f"has {size[1]}×{size[0]}; take a larger one, or a lower layer"
        )
    nothing = [make((edge, edge), seed).to(image) for make in (clouds, noise) for seed in (0, 1)]
    usual = torch.stack([_answers(network, layer, one).mean((1, 2)) for one in nothing]).mean(0)
    maps = _answers(network, layer, image)
    times = maps.mean((1, 2)) / (usual + _FLOOR * usual.mean() + torch.finfo().tiny)
    best = times.topk(min(count, len(times)))
    return [
        Answer(number, value, maps[number])
        for number, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def with_strongest(objective: Objective, network: Network, image: Tensor) -> Objective:
    """Put the channels that answer to a picture in the place of what asks for them.

    Args:
        objective: of any terms.
        network: what looks at the picture.
        image: 1×3×H×W RGB in [0, 1].
    """
    terms: list[tuple[float, Term]] = []
    for weight, term in objective.terms:
        if isinstance(term, StrongestTerm):
            found = strongest(network, term.layer, image, term.count)
            terms += [(weight, ChannelTerm(term.layer, answer.channel)) for answer in found]
        else:
            terms.append((weight, term))
    return Objective(tuple(terms))


def _answers(network: Network, layer: str, image: Tensor) -> Tensor:
    """C×h×w, what is above 0 of a layer's activation."""
    return whole_map(network, layer, image, tile=(TILE, TILE))[0].clamp(min=0)
