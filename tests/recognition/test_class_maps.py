"""Class maps, and the soft masks computed from them."""

from dataclasses import replace

import pytest
import torch

from puppyslug.errors import NetworkError
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.recognition.class_maps import class_map, localise
from support.toy_network import Toy, toy_spec


def test_a_class_map_is_the_layers_activation(toy, picture):
    whole = class_map(toy, picture)
    assert torch.allclose(whole, toy.activations(picture, [CLASS_MAP])[CLASS_MAP])
    assert torch.equal(class_map(toy, picture, [5, 2]), whole[:, [5, 2]])


def test_a_class_map_is_the_same_in_tiles(toy, picture):
    tiled = class_map(toy, picture, tile=(12, 14))
    assert torch.allclose(tiled, class_map(toy, picture), atol=1e-5)


def test_a_network_without_classes_has_no_class_map(picture):
    network = Network(replace(toy_spec(), classes=0), Toy())
    with pytest.raises(NetworkError, match="toy"):
        class_map(network, picture)


def test_a_mask_is_high_where_a_class_is_seen():
    maps = torch.zeros(1, 2, 6, 8)
    maps[0, 1, 1, 6] = 5
    mask = localise(maps, (60, 80), sharpness=3)
    assert mask.shape == (1, 1, 60, 80)
    assert mask.min() >= 0
    assert mask.max() <= 1
    row, column = divmod(int(mask.argmax()), 80)
    assert 10 <= row < 20
    assert 60 <= column < 70


def test_a_constant_map_gives_a_constant_mask():
    mask = localise(torch.ones(1, 1, 6, 8), (60, 80), sharpness=3)
    assert torch.allclose(mask, torch.full_like(mask, 0.5))


def test_sharpness_widens_the_range_of_the_mask():
    maps = torch.rand(1, 1, 6, 8, generator=torch.Generator().manual_seed(1))
    soft, sharp = (localise(maps, (60, 80), sharpness=sharpness) for sharpness in (0.5, 5))
    assert sharp.max() - sharp.min() > soft.max() - soft.min()
