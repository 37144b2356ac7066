"""Score and gradient of an objective at a picture, whole or in exact tiles."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from puppyslug.looking import parts_of
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective
from puppyslug.tiling import Tile, tiles

Size = tuple[int, int]


class Gradient(Protocol):
    """Anything that can stand in for ``value_and_gradient``."""

    def __call__(
        self, network: Network, objective: Objective, image: Tensor, tile: Size | None = None
    ) -> tuple[Tensor, Tensor]:
        """See ``value_and_gradient``."""


def value_and_gradient(
    network: Network, objective: Objective | Batch, image: Tensor, tile: Size | None = None
) -> tuple[Tensor, Tensor]:
    """Compute how well a picture meets an objective, and in which direction lies more of it.

    In tiles the result is the same as for the whole picture, up to the rounding of sums; it takes
    the memory of one tile with its surroundings, and as much longer as those surroundings are
    computed more than once.

    Args:
        network: what looks at the picture.
        objective: what to score; a batch of them only where the picture goes whole.
        image: N×3×H×W RGB in [0, 1].
        tile: (height, width) of a tile; None for the whole picture at once.

    Returns:
        The scores, float32 of shape (N,), and their gradient with respect to the picture,
        float32 N×3×H×W.
    """
    size = (image.shape[-2], image.shape[-1])
    layers = [network.record.layer(name) for name in objective.layers]
    pieces = list(tiles(size, tile or size, layers))
    totals = None
    if len(pieces) > 1:
        assert isinstance(objective, Objective)
        totals = _totals(network, objective, image, pieces)
    scores = image.new_zeros(image.shape[0])
    gradient = torch.zeros_like(image)
    for piece in pieces:
        crop = (..., *piece.crop)
        source = image[crop].detach().requires_grad_()
        with torch.enable_grad():
            parts = parts_of(network, objective.layers, source, piece, size)
            piece_scores = objective.score_parts(parts, totals)
            del parts
            (piece_gradient,) = torch.autograd.grad(piece_scores.sum(), source)
        scores += piece_scores.detach()
        gradient[crop] += piece_gradient
    return scores, gradient


def _totals(
    network: Network, objective: Objective, image: Tensor, pieces: Sequence[Tile]
) -> list[Tensor | None] | None:
    """What each term has to know of the whole picture before its parts can be scored."""
    layers = objective.summarised
    if not layers:
        return None
    size = (image.shape[-2], image.shape[-1])
    totals: list[Tensor | None] = [None] * len(objective.terms)
    with torch.no_grad():
        for piece in pieces:
            parts = parts_of(network, layers, image[(..., *piece.crop)], piece, size)
            for index, summary in enumerate(objective.summaries(parts)):
                if summary is not None:
                    total = totals[index]
                    totals[index] = summary if total is None else total + summary
    return totals
