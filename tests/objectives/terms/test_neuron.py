"""The term of a neuron: one channel at one position."""

import pytest
import torch

from puppyslug.errors import ObjectiveError
from puppyslug.objectives import MapRegion, neuron
from support.toy_network import toy_spec


@pytest.mark.parametrize(("position", "cell"), [((3, 6), (3, 6)), (None, (2, 3))])
def test_the_score_is_the_activation_at_the_position(position, cell):
    activation = torch.randn(2, 6, 5, 7, generator=torch.Generator().manual_seed(0))
    scores = neuron("x", 1, position).score({"x": activation})
    assert torch.equal(scores, activation[:, 1, cell[0], cell[1]])


def test_only_the_region_that_contains_the_position_scores():
    activation = torch.randn(1, 6, 5, 7, generator=torch.Generator().manual_seed(0))
    objective = neuron("x", 1, (3, 6))
    for top, left in ((0, 0), (0, 4), (3, 0), (3, 4)):
        region = MapRegion(activation[:, :, top : top + 3, left : left + 4], (5, 7), top, left)
        expected = activation[0, 1, 3, 6] if (top, left) == (3, 4) else 0.0
        assert float(objective.score_regions({"x": region})) == float(expected)


def test_a_position_outside_the_layer_is_refused():
    neuron("relu2", 5, (19, 25)).check(toy_spec(), (40, 52))
    for position in ((20, 0), (0, 26)):
        with pytest.raises(ObjectiveError, match=r"20 rows.*26 columns"):
            neuron("relu2", 5, position).check(toy_spec(), (40, 52))


def test_the_position_moves_with_the_size_of_the_image():
    scaled = neuron("relu2", 5, (10, 24)).scale_positions(toy_spec(), (40, 52), (20, 26))
    assert scaled == neuron("relu2", 5, (5, 12))
