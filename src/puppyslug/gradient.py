"""Score and gradient of an objective at a picture, whole or in exact tiles."""

from typing import Protocol

import torch
from torch import Tensor

from puppyslug.networks import LayerRecord
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective, Part
from puppyslug.tiling import Tile, tiles

Size = tuple[int, int]


class Gradient(Protocol):
    """Anything that can stand in for ``value_and_gradient``."""

    def __call__(
        self, network: Network, objective: Objective, image: Tensor, tile: Size | None = None
    ) -> tuple[Tensor, Tensor]:
        """See ``value_and_gradient``."""


def value_and_gradient(
    network: Network, objective: Objective, image: Tensor, tile: Size | None = None
) -> tuple[Tensor, Tensor]:
    """Compute how well a picture meets an objective, and in which direction lies more of it.

    In tiles the result is the same as for the whole picture, up to the rounding of sums; it takes
    the memory of one tile with its surroundings, and as much longer as those surroundings are
    computed more than once.

    Args:
        network: what looks at the picture.
        objective: what to score.
        image: N×3×H×W RGB in [0, 1].
        tile: (height, width) of a tile; None for the whole picture at once.

    Returns:
        The scores, float32 of shape (N,), and their gradient with respect to the picture,
        float32 N×3×H×W.
    """
    size = (image.shape[-2], image.shape[-1])
    layers = [network.record.layer(name) for name in objective.layers]
    scores = image.new_zeros(image.shape[0])
    gradient = torch.zeros_like(image)
    for piece in tiles(size, tile or size, layers):
        crop = (..., *piece.crop)
        source = image[crop].detach().requires_grad_()
        with torch.enable_grad():
            activations = network.activations(source, objective.layers)
            parts = {
                layer.name: _owned(activations.pop(layer.name), layer, piece, size)
                for layer in layers
            }
            piece_scores = objective.score_parts(parts)
            del parts
            (piece_gradient,) = torch.autograd.grad(piece_scores.sum(), source)
        scores += piece_scores.detach()
        gradient[crop] += piece_gradient
    return scores, gradient


def _owned(activation: Tensor, layer: LayerRecord, tile: Tile, size: Size) -> Part:
    """The positions of a layer that a tile owns, as a part of the layer's whole map."""
    whole = layer.positions(size)
    (top, rows), (left, columns) = (
        (
            span.first // layer.stride,
            slice(
                (span.first - span.crop_first) // layer.stride,
                (positions if span.last == length else span.last // layer.stride)
                - span.crop_first // layer.stride,
            ),
        )
        for span, positions, length in zip(tile, whole, size, strict=True)
    )
    return Part(activation[..., rows, columns], whole, top, left)
