"""The foreground of drawn pictures, whose exact mask is known, and of photographs."""

import cv2
import numpy as np
import pytest
from skimage import data

from puppyslug.networks.loader import load_network
from puppyslug.recognition.foreground import foreground_mask, network_response

HEIGHT, WIDTH = 150, 200
# Points (x, y) of the outlines of things that lie inside the picture, and that its edges cut off
SHAPES = {
    "inside": [(60, 40), (140, 30), (150, 110), (100, 125), (55, 100)],
    "at the bottom": [(70, 50), (130, 40), (160, HEIGHT), (50, HEIGHT)],
    "at the left": [(0, 30), (90, 50), (100, 110), (0, 120)],
    "in a corner": [(90, HEIGHT), (100, 60), (160, 40), (WIDTH, 70), (WIDTH, HEIGHT)],
}


@pytest.fixture(scope="module")
def classifier():
    return load_network("efficientnet_lite0", precision="float32", winograd=0)


def draw(outline):
    """Paste a part of a cat's fur on a smooth, noisy background; return pixels and mask."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.array(outline, np.int32)], 1)
    noise = np.random.default_rng(0).normal(0, 6, (HEIGHT, WIDTH, 3))
    ramp = np.linspace(0, 40, WIDTH)[None, :, None]
    background = np.array([70, 110, 150]) + ramp + noise
    fur = data.chelsea()[60 : 60 + HEIGHT, 130 : 130 + WIDTH]
    return np.where(mask[..., None] > 0, fur, background.clip(0, 255)).astype(np.uint8), mask


def overlap(found, mask):
    """Compute intersection over union."""
    found, mask = found > 0.5, mask > 0.5
    return (found & mask).sum() / (found | mask).sum()


@pytest.mark.parametrize("name", SHAPES)
def test_the_foreground_is_found_inside_and_at_the_edges(name, classifier):
    pixels, mask = draw(SHAPES[name])
    found = foreground_mask(pixels, network_response(classifier, pixels))
    assert overlap(found, mask) > 0.9


def test_by_colour_alone_the_edge_is_background():
    pixels, mask = draw(SHAPES["inside"])
    assert overlap(foreground_mask(pixels), mask) > 0.9
    assert foreground_mask(draw(SHAPES["at the bottom"])[0])[-3:].max() == 0


def test_the_response_is_large_on_the_cat_in_a_photo(classifier):
    pixels = np.array(data.chelsea()[::2, ::2])
    response = network_response(classifier, pixels)
    assert response.shape == pixels.shape[:2]
    assert (response.min(), response.max()) == (0, 1)
    assert response[75, 110] > 2 * response[5:40, -20:].mean()  # nose, wall


def test_small_and_flat_pictures_have_a_response_and_no_foreground(classifier):
    flat = np.full((12, 20, 3), 90, np.uint8)
    response = network_response(classifier, flat)
    assert response.shape == (12, 20)
    assert not foreground_mask(flat, response).any()
