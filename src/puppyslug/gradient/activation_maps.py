"""How a network looks at one tile of a picture: the positions that the tile owns."""

from collections.abc import Sequence

import torch
from torch import Tensor

from puppyslug.gradient.tiles import Tile, tiles
from puppyslug.images.sizes import Size
from puppyslug.networks import LayerSpec
from puppyslug.networks.network import Network
from puppyslug.objectives import Part


def parts_of(
    network: Network, layers: Sequence[str], crop: Tensor, tile: Tile, size: Size
) -> dict[str, Part]:
    """Look at a tile.

    Args:
        network: what looks at it.
        layers: names of layers.
        crop: N×3×h×w, the tile's crop of the picture.
        tile: the tile.
        size: (height, width) of the picture.

    Returns:
        By name, the positions of each layer that the tile owns.
    """
    activations = network.activations(crop, layers)
    return {
        name: _owned(activations.pop(name), network.spec.layer(name), tile, size) for name in layers
    }


def whole_map(
    network: Network,
    layer: str,
    image: Tensor,
    channels: Sequence[int] | None = None,
    tile: Size | None = None,
) -> Tensor:
    """A layer's activation at every position, without a gradient.

    Args:
        network: what looks at it.
        layer: the layer's name.
        image: N×3×H×W RGB in [0, 1].
        channels: their numbers; None for all.
        tile: (height, width) of the tiles to look at it in; None for the whole at once.

    Returns:
        float32 N×channels×h×w.
    """
    size = (image.shape[-2], image.shape[-1])
    spec = network.spec.layer(layer)
    chosen = list(range(spec.channels)) if channels is None else list(channels)
    result = image.new_zeros(image.shape[0], len(chosen), *spec.positions(size))
    with torch.no_grad():
        for piece in tiles(size, tile or size, [spec]):
            part = parts_of(network, [layer], image[(..., *piece.crop)], piece, size)[layer]
            rows, columns = part.activation.shape[-2:]
            result[..., part.top : part.top + rows, part.left : part.left + columns] = (
                part.activation[:, chosen].float()
            )
    return result


def _owned(activation: Tensor, layer: LayerSpec, tile: Tile, size: Size) -> Part:
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
