"""puppyslug against the notebook of 2015, on the real VGG-19 and a real photograph."""

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

import puppyslug
from support.notebook import decibels, deepdream, vgg19_to


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut()[:290, :512]).resize((400, 226))


def dream_with_puppyslug(photo: Image.Image, **settings: object) -> np.ndarray:
    dream = puppyslug.dream(photo, precision="float32", device="cpu", **settings)
    return np.asarray(dream, np.float32) / 255


def test_five_steps_of_one_octave_equal_the_notebooks(photo):
    photo = photo.resize((200, 113))
    ours = dream_with_puppyslug(photo, octaves=1, iterations=5, jitter=0)
    theirs = deepdream(
        np.asarray(photo) / 255, vgg19_to("relu4_4"), octaves=1, iterations=5, jitter=0
    )
    change = decibels(theirs, np.asarray(photo) / 255)
    assert decibels(ours, theirs) >= 50 > change


@pytest.mark.slow
def test_the_default_recipe_differs_no_more_than_memory_layouts_do(photo):
    ours = dream_with_puppyslug(photo)
    plain = deepdream(np.asarray(photo) / 255, vgg19_to("relu4_4"))
    channels_last = deepdream(np.asarray(photo) / 255, vgg19_to("relu4_4", channels_last=True))
    assert decibels(ours, plain) >= decibels(plain, channels_last) - 3


def test_resizing_equals_the_notebooks(picture):
    import scipy.ndimage as nd

    from puppyslug.images import resize

    expected = nd.zoom(picture[0].numpy(), (1, 1 / 1.4, 1 / 1.4), order=1)
    assert np.allclose(resize(picture, expected.shape[-2:])[0].numpy(), expected, atol=1e-5)
    larger = nd.zoom(picture[0].numpy(), (1, 77 / 40, 91 / 52), order=1)
    assert torch.allclose(resize(picture, (77, 91))[0], torch.from_numpy(larger), atol=1e-5)
