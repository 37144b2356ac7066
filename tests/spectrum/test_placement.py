"""Places of named things in a photo."""

import pytest
import torch

from puppyslug.spectrum.placement import Place, find_places


def map_with_peak(row, column, rows=9, columns=16):
    values = torch.zeros(1, 1, rows, columns)
    values[..., row, column] = 20.0
    return values


@pytest.mark.parametrize("peak", [(4, 4), (4, 11)])
def test_a_thing_is_placed_where_the_photo_resembles_it(peak):
    (place,) = find_places(map_with_peak(*peak), (90, 160), 1, 0.5)
    assert abs(place.y - (peak[0] + 0.5) / 9) < 0.1
    assert abs(place.x - (peak[1] + 0.5) / 16) < 0.1


def test_several_places_are_apart_and_inside():
    places = find_places(torch.zeros(1, 2, 9, 16), (90, 160), 3, 0.4)
    for index, one in enumerate(places):
        assert 0.2 <= one.y <= 0.8
        assert 0.1 <= one.x <= 0.9
        for other in places[index + 1 :]:
            distance = ((one.y - other.y) * 90) ** 2 + ((one.x - other.x) * 160) ** 2
            assert distance >= (0.4 * 90 - 1) ** 2


def test_the_mask_is_highest_at_the_centre_and_falls_to_the_floor():
    mask = Place(0.5, 0.25, 0.6).mask((100, 200), floor=0.2)[0, 0]
    assert mask.shape == (100, 200)
    assert divmod(int(mask.argmax()), 200) in {(row, col) for row in (49, 50) for col in (49, 50)}
    assert mask.max() > 0.99
    assert mask[:, 150:].max() < 0.21
    assert mask.min() >= 0.2
