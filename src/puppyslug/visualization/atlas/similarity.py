"""Similarity of channels, measured by the portraits that activate them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.visualization.atlas.index import Neighbour

MAX_NEIGHBOURS = 8
_BATCH_SIZE = 16


def mean_activations(network: Network, layer: str, portraits: Sequence[Tensor]) -> Tensor:
    """Compute the mean activation of every channel on every portrait.

    Args:
        network: the network of the portraits.
        layer: name of the layer.
        portraits: 1×3×H×W each, RGB in [0, 1].

    Returns:
        portraits × channels, means over all positions.
    """
    rows = []
    with torch.no_grad():
        for first in range(0, len(portraits), _BATCH_SIZE):
            batch = torch.cat(list(portraits[first : first + _BATCH_SIZE])).to(network.device)
            rows.append(network.activations(batch, [layer])[layer].float().mean((2, 3)).cpu())
    return torch.cat(rows)


def portrait_ranks(activations: Tensor) -> list[int]:
    """Rank each channel's own portrait among all portraits, by how strongly they activate it.

    Args:
        activations: portraits × channels, square.

    Returns:
        For each channel, the number of portraits that activate it more than its own; 0 is best.
    """
    ranks: list[int] = (activations > activations.diagonal()).sum(0).tolist()
    return ranks


def nearest_channels(activations: Tensor) -> list[tuple[Neighbour, ...]]:
    """Find the channels that the same portraits activate.

    Similarity is the correlation of the square roots of the activations: without the square root,
    a few portraits, first of all the channel's own, would outweigh the rest.

    Args:
        activations: portraits × channels, square.

    Returns:
        For each channel, its neighbours in descending similarity.
    """
    damped = activations.clamp(min=0).sqrt() if (activations >= 0).all() else activations
    centred = torch.nn.functional.normalize(damped - damped.mean(0), dim=0)
    similarity = (centred.T @ centred).clamp(-1, 1).fill_diagonal_(-2)
    best = similarity.topk(min(MAX_NEIGHBOURS, len(similarity) - 1))
    return [
        tuple(
            Neighbour(number=number, similarity=round(value, 3))
            for number, value in zip(numbers, values, strict=True)
        )
        for numbers, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
