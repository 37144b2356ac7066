"""How a network looks at one tile of a picture: the positions that the tile owns."""

from collections.abc import Sequence

from torch import Tensor

from puppyslug.networks import LayerRecord
from puppyslug.networks.network import Network
from puppyslug.objectives import Part
from puppyslug.tiling import Tile

Size = tuple[int, int]


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
        name: _owned(activations.pop(name), network.record.layer(name), tile, size)
        for name in layers
    }


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
