"""Score and gradient of an objective at a picture, whole or in exact tiles."""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, Protocol

import torch
from torch import Tensor

from puppyslug.gradient.activation_maps import parts_of
from puppyslug.gradient.tiles import Tile, tiles
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective


class Gradient(Protocol):
    """Anything that can stand in for ``value_and_gradient``."""

    def __call__(
        self, network: Network, objective: Objective, image: Tensor, tile: Size | None = None
    ) -> tuple[Tensor, Tensor]:
        """See ``value_and_gradient``."""


class Spread(Protocol):
    """Anything that has a network look at pieces of a picture: here, or on other machines."""

    def __call__(
        self, network: Network, look: Callable[..., Any], pieces: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        """Look at every piece.

        Args:
            network: what looks at them.
            look: a function of this module, of a network and a piece.
            pieces: what else it takes, of each.

        Returns:
            What ``look`` gives for each piece, in their order.
        """


def one_by_one(
    network: Network, look: Callable[..., Any], pieces: Iterable[tuple[Any, ...]]
) -> Iterator[Any]:
    """Look at one piece after the other, in this process; see ``Spread``."""
    return (look(network, *piece) for piece in pieces)


def value_and_gradient(
    network: Network,
    objective: Objective | Batch,
    image: Tensor,
    tile: Size | None = None,
    spread: Spread = one_by_one,
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
        spread: has the network look at the tiles.

    Returns:
        The scores, float32 of shape (N,), and their gradient with respect to the picture,
        float32 N×3×H×W.
    """
    size = (image.shape[-2], image.shape[-1])
    layers = [network.spec.layer(name) for name in objective.layers]
    pieces = list(tiles(size, tile or size, layers))
    totals = None
    if len(pieces) > 1:
        assert isinstance(objective, Objective)
        if objective.summarised:
            first = ((objective, image[(..., *piece.crop)], piece, size) for piece in pieces)
            totals = _totals(spread(network, summaries_of, first))
    scores = image.new_zeros(image.shape[0])
    gradient = torch.zeros_like(image)
    looks = ((objective, image[(..., *piece.crop)], piece, size, totals) for piece in pieces)
    for piece, (piece_scores, piece_gradient) in zip(
        pieces, spread(network, gradient_of, looks), strict=True
    ):
        scores += piece_scores
        gradient[(..., *piece.crop)] += piece_gradient
    return scores, gradient


def gradient_of(
    network: Network,
    objective: Objective | Batch,
    crop: Tensor,
    piece: Tile,
    size: Size,
    totals: Sequence[Tensor | None] | None = None,
) -> tuple[Tensor, Tensor]:
    """One tile's share of the scores and of the gradient.

    Args:
        network: what looks at it.
        objective: what to score.
        crop: N×3×h×w RGB in [0, 1], what has to be seen for the tile.
        piece: the tile.
        size: (height, width) of the picture.
        totals: what each term has to know of the whole picture, if that is more than the tile.

    Returns:
        float32 of shape (N,), and float32 N×3×h×w.
    """
    source = crop.detach().requires_grad_()
    with torch.enable_grad():
        parts = parts_of(network, objective.layers, source, piece, size)
        scores = objective.score_parts(parts, totals)
        del parts
        (gradient,) = torch.autograd.grad(scores.sum(), source)
    return scores.detach(), gradient


def summaries_of(
    network: Network, objective: Objective, crop: Tensor, piece: Tile, size: Size
) -> list[Tensor | None]:
    """What each term has to know of a tile before any can be scored; as in ``gradient_of``."""
    with torch.no_grad():
        return objective.summaries(parts_of(network, objective.summarised, crop, piece, size))


def _totals(summaries: Iterable[list[Tensor | None]]) -> list[Tensor | None]:
    """What each term has to know of the whole picture: the sums of what it knows of its tiles."""
    return [
        None if terms[0] is None else reduce(operator.add, terms)
        for terms in zip(*summaries, strict=True)
    ]
