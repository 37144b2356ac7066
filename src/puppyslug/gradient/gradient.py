"""Score and gradient of an objective with respect to an image, for all of it or in exact tiles."""

import operator
from collections.abc import Iterable, Sequence
from functools import reduce

import torch
from torch import Tensor

from puppyslug.gradient.activation_maps import compute_tile_activations
from puppyslug.gradient.executor import TileExecutor, execute_locally
from puppyslug.gradient.tiles import Tile, split_into_tiles
from puppyslug.images.sizes import Size
from puppyslug.isolation.torch_state import copy_inference_tensor, isolated
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective


@isolated
def value_and_gradient(
    network: Network,
    objective: Objective | Batch,
    image: Tensor,
    tile: Size | None = None,
    executor: TileExecutor = execute_locally,
) -> tuple[Tensor, Tensor]:
    """Compute an objective's score and its gradient with respect to the image.

    In tiles the result equals that of the undivided image, up to the rounding of sums. It needs
    the memory of one tile with its halo, and takes longer, as halos are computed repeatedly.

    Args:
        network: the network to evaluate.
        objective: the objective to score; a batch of objectives cannot be divided into tiles.
        image: N×3×H×W RGB in [0, 1].
        tile: (height, width) of a tile; None for no tiling.
        executor: evaluates the tiles.

    Returns:
        The scores, float32 of shape (N,), and their gradient, float32 N×3×H×W.
    """
    objective = objective.resolve_labels(network.find_label)
    size = (image.shape[-2], image.shape[-1])
    layers = [network.spec.layer(name) for name in objective.layers]
    alignment = network.tile_alignment
    pieces = list(split_into_tiles(size, tile or size, layers, alignment=alignment))
    totals = None
    if len(pieces) > 1:
        assert isinstance(objective, Objective)
        if objective.global_layers:
            arguments = ((objective, image[(..., *piece.crop)], piece, size) for piece in pieces)
            totals = _add_summaries(executor(network, tile_summaries, arguments))
    scores = image.new_zeros(image.shape[0])
    gradient = torch.zeros_like(image)
    calls = ((objective, image[(..., *piece.crop)], piece, size, totals) for piece in pieces)
    for piece, (tile_scores, crop_gradient) in zip(
        pieces, executor(network, tile_gradient, calls), strict=True
    ):
        scores += tile_scores
        gradient[(..., *piece.crop)] += crop_gradient
    return scores, gradient


def tile_gradient(
    network: Network,
    objective: Objective | Batch,
    crop: Tensor,
    tile: Tile,
    size: Size,
    totals: Sequence[Tensor | None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute one tile's share of the scores and of the gradient.

    Args:
        network: the network to evaluate.
        objective: the objective to score.
        crop: N×3×h×w RGB in [0, 1], the tile with its halo.
        tile: the tile.
        size: (height, width) of the image.
        totals: sum of the tiles' summaries for each term; None without tiling.

    Returns:
        float32 of shape (N,), and float32 N×3×h×w.
    """
    source = copy_inference_tensor(crop).detach().requires_grad_()
    with torch.enable_grad():
        regions = compute_tile_activations(network, objective.layers, source, tile, size)
        scores = objective.score_regions(regions, totals)
        del regions  # else they would take memory during backpropagation
        (gradient,) = torch.autograd.grad(scores.sum(), source)
    return scores.detach(), gradient


def tile_summaries(
    network: Network, objective: Objective, crop: Tensor, tile: Tile, size: Size
) -> list[Tensor | None]:
    """Compute a tile's summary for each global term; arguments as in ``tile_gradient``."""
    with torch.no_grad():
        return objective.summaries(
            compute_tile_activations(network, objective.global_layers, crop, tile, size)
        )


def _add_summaries(summaries: Iterable[list[Tensor | None]]) -> list[Tensor | None]:
    """Add up the tiles' summaries of each term."""
    return [
        None if terms[0] is None else reduce(operator.add, terms)
        for terms in zip(*summaries, strict=True)
    ]
