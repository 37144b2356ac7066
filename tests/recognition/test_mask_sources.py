"""Masks by what is in a picture, on photographs and on drawn pictures."""

import numpy as np
import pytest
import torch
from skimage import data

from puppyslug.errors import ImageError
from puppyslug.objectives import parse_mask
from puppyslug.recognition.mask_sources import MaskedPicture, evaluate_mask

# Points (row, column) of scikit-image's astronaut, by eye
FACE = [(105, 205), (103, 243), (125, 222), (148, 222)]  # eyes, nose, mouth
BODY = [(300, 150), (350, 200), (420, 170), (200, 225)]  # suit, collar
ELSEWHERE = [(60, 40), (60, 380), (480, 400), (20, 300)]  # flag, shuttle, helmet, wall


def as_image(pixels):
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def astronaut():
    return as_image(data.astronaut())


def find(text, image, **fields):
    return evaluate_mask(parse_mask(text), MaskedPicture(image, _no_class, **fields))[0, 0]


def _no_class(mask):
    raise AssertionError(f"{mask} was not asked for")


def values(mask, points):
    return torch.stack([mask[point] for point in points])


def test_a_face_and_its_person_are_found(astronaut):
    face, person = find("face", astronaut), find("person", astronaut)
    assert values(face, FACE).min() > 0.9
    assert values(face, BODY + ELSEWHERE).max() < 0.1
    assert 0.03 < face.mean() < 0.08
    assert values(person, FACE + BODY).min() > 0.9
    assert values(person, ELSEWHERE).max() < 0.1


def test_every_face_is_found(astronaut):
    both = torch.cat([astronaut, astronaut.flip(3)], 3)
    mask = find("face", both)
    mirrored = [(row, 1023 - column) for row, column in FACE]
    assert values(mask, FACE + mirrored).min() > 0.9


def test_a_picture_without_a_face_is_refused_unless_it_may_be_empty():
    cat = as_image(data.chelsea()[::2, ::2])
    for name in ("face", "person"):
        with pytest.raises(ImageError, match=r"no face was found.*paint a mask"):
            find(name, cat)
    assert find("face", cat, allow_empty=True).max() == 0
    assert find("not face", cat, allow_empty=True).min() == 1


def test_the_foreground_is_what_stands_out():
    coffee = as_image(data.coffee())
    mask = find("foreground", coffee)
    assert values(mask, [(80, 290), (200, 200), (300, 260)]).min() > 0.9  # cup, saucer
    assert values(mask, [(20, 20), (20, 580), (380, 580), (200, 40)]).max() < 0.1  # table
    with pytest.raises(ImageError, match="nothing stands out"):
        find("foreground", torch.full((1, 3, 40, 40), 0.5))


def test_the_foreground_of_a_cut_out_is_its_alpha():
    alpha = torch.rand(1, 1, 20, 30)
    assert torch.equal(find("foreground", torch.rand(1, 3, 20, 30), alpha=alpha), alpha[0, 0])


def test_bright_and_dark_divide_a_picture(astronaut):
    image = torch.full((1, 3, 60, 60), 0.2)
    image[..., 20:] = 0.7
    bright = find("bright", image)
    assert (bright[:, :16].max(), bright[:, 24:].min()) == (0, 1)
    assert torch.allclose(find("dark", astronaut) + find("bright", astronaut), torch.ones(1))
    with pytest.raises(ImageError, match="too uniform"):
        find("dark", torch.full((1, 3, 40, 40), 0.9))


def test_a_colour_is_found_in_light_and_shade():
    image = torch.zeros(1, 3, 40, 60)
    image[:, 2, :, :20], image[:, 2, :, 20:40], image[:, 0, :, 40:] = 0.9, 0.75, 0.9
    mask = find("color(#0000e0)", image)
    assert mask[:, 2:38].min() == pytest.approx(1)
    assert mask[:, 42:].max() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ImageError, match="no #00ff00"):
        find("color(#00ff00)", image)


def test_edges_are_where_values_change():
    image = torch.full((1, 3, 90, 90), 0.2)
    image[..., 30:60, 30:60] = 0.8
    mask = find("edges", image)
    assert values(mask, [(30, 45), (60, 45), (45, 30), (45, 60)]).min() > 0.5
    assert values(mask, [(45, 45), (10, 10), (80, 80)]).max() == 0


def test_masks_combine(astronaut):
    image = astronaut[..., ::4, ::4]
    edges, dark = find("edges", image), find("dark", image)
    assert torch.equal(find("edges and dark", image), edges.minimum(dark))
    assert torch.equal(find("edges or dark", image), edges.maximum(dark))
    assert torch.equal(find("not edges", image), 1 - edges)
    halves = torch.zeros(1, 3, 20, 90)
    halves[..., 45:] = 1
    with pytest.raises(ImageError, match="covers nothing"):
        find("grow(bright, -20) and grow(dark, -20)", halves)


def test_growing_and_feathering_have_the_width_that_is_asked_for():
    image = torch.zeros(1, 3, 101, 101)
    image[:, :, 40:61, 40:61] = 1
    sides = {
        text: int((find(text, image)[50] > 0.5).sum())
        for text in ("bright", "grow(bright, 10)", "grow(bright, -5)", "feather(bright, 10)")
    }
    assert sides["grow(bright, 10)"] == sides["bright"] + 20
    assert sides["grow(bright, -5)"] == sides["bright"] - 10
    soft, hard = find("feather(bright, 10)", image)[50], find("bright", image)[50]
    assert ((soft > 0.05) & (soft < 0.95)).sum() > ((hard > 0.05) & (hard < 0.95)).sum() + 10
    twice = find("grow(bright, 10)", image, pixel_scale=2.0)
    assert int((twice[50] > 0.5).sum()) == sides["bright"] + 40
