"""Augmentation: views are in range, determined by their seed, and centre crops are exact."""

import torch

from puppyslug.training.augmentation import centre_crop, random_views, seeded_generator
from puppyslug.training.negatives import random_texture


def test_generators_are_determined_by_all_parts():
    def draw(*parts):
        return seeded_generator(*parts).random()

    assert draw("views", 1, "a") == draw("views", 1, "a")
    assert len({draw("views", 1, "a"), draw("views", 1, "b"), draw("views", 2, "a")}) == 3


def test_random_views_are_determined_by_the_generator():
    image = random_texture((120, 200), 3)
    first, same, other = (
        random_views(image, 64, 3, seeded_generator("views", seed)) for seed in (1, 1, 2)
    )
    assert first.shape == (3, 3, 64, 64)
    assert first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_a_centre_crop_is_the_centre():
    image = torch.zeros(1, 3, 64, 192)
    image[..., 64:128] = 1
    assert centre_crop(image, 64).min() == 1
