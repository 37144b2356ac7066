"""Activation maps, in tiles and for the whole image."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from puppyslug.gradient.activation_maps import compute_activation_map, compute_tile_activations
from puppyslug.gradient.tiles import split_into_tiles
from puppyslug.networks.network import Network
from support.toy_network import Toy, toy_spec


@settings(max_examples=20)
@given(
    st.tuples(st.integers(2, 50), st.integers(2, 50)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(["relu1", "pool1", "conv2"]),
)
def test_a_map_assembled_from_tiles_equals_the_layers_activation(size, tile, layer):
    network = Network(toy_spec(), Toy())
    image = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    expected = network.activations(image, [layer])[layer]
    found = compute_activation_map(network, layer, image, tile=tile)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)
    assert not found.requires_grad


def test_channels_can_be_selected(toy, picture):
    whole = compute_activation_map(toy, "relu1", picture)
    assert torch.equal(compute_activation_map(toy, "relu1", picture, [3, 0]), whole[:, [3, 0]])


@pytest.mark.parametrize("layer", ["relu1", "relu2"])
def test_tiles_own_disjoint_positions(toy, picture, layer):
    spec = toy.spec.layer(layer)
    owned = torch.zeros(spec.output_size((40, 52)))
    for tile in split_into_tiles((40, 52), (17, 20), [spec]):
        crop = picture[(..., *tile.crop)]
        part = compute_tile_activations(toy, [layer], crop, tile, (40, 52))[layer]
        rows, columns = part.activation.shape[-2:]
        owned[part.top : part.top + rows, part.left : part.left + columns] += 1
    assert (owned == 1).all()
