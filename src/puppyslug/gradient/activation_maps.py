"""Activation maps of layers, computed for a tile or assembled from tiles."""

from collections.abc import Sequence

import torch
from torch import Tensor

from puppyslug.gradient.tiles import Tile, split_into_tiles
from puppyslug.images.sizes import Size
from puppyslug.networks import LayerSpec
from puppyslug.networks.network import Network
from puppyslug.objectives import MapRegion


def compute_tile_activations(
    network: Network, layers: Sequence[str], crop: Tensor, tile: Tile, size: Size
) -> dict[str, MapRegion]:
    """Compute the positions of layers that a tile owns.

    Args:
        network: the network to evaluate.
        layers: names of the layers.
        crop: N×3×h×w RGB in [0, 1], the tile with its halo.
        tile: the tile.
        size: (height, width) of the image.

    Returns:
        The tile's region of each layer's activation map, by layer name.
    """
    activations = network.activations(crop, layers)
    return {
        name: _crop_to_tile(activations.pop(name), network.spec.layer(name), tile, size)
        for name in layers
    }


def compute_activation_map(
    network: Network,
    layer: str,
    image: Tensor,
    channels: Sequence[int] | None = None,
    tile: Size | None = None,
) -> Tensor:
    """Compute a layer's activation map, without a gradient.

    Args:
        network: the network to evaluate.
        layer: name of the layer.
        image: N×3×H×W RGB in [0, 1].
        channels: indices of the channels; None for all.
        tile: (height, width) of the tiles; None for no tiling.

    Returns:
        float32 N×channels×h×w.
    """
    size = (image.shape[-2], image.shape[-1])
    spec = network.spec.layer(layer)
    chosen = list(range(spec.channels)) if channels is None else list(channels)
    result = image.new_zeros(image.shape[0], len(chosen), *spec.output_size(size))
    with torch.no_grad():
        alignment = network.tile_alignment
        for piece in split_into_tiles(size, tile or size, [spec], alignment=alignment):
            crop = image[(..., *piece.crop)]
            region = compute_tile_activations(network, [layer], crop, piece, size)[layer]
            rows, columns = region.activation.shape[-2:]
            values = region.activation[:, chosen].float()
            result[..., region.top : region.top + rows, region.left : region.left + columns] = (
                values
            )
    return result


def _crop_to_tile(activation: Tensor, layer: LayerSpec, tile: Tile, size: Size) -> MapRegion:
    """Crop a layer's activation from the tile's crop to the positions that the tile owns."""
    map_size = layer.output_size(size)
    (top, rows), (left, columns) = (
        (
            span.start // layer.stride,
            slice(
                (span.start - span.crop_start) // layer.stride,
                (positions if span.stop == length else span.stop // layer.stride)
                - span.crop_start // layer.stride,
            ),
        )
        for span, positions, length in zip(tile, map_size, size, strict=True)
    )
    return MapRegion(activation[..., rows, columns], map_size, top, left)
