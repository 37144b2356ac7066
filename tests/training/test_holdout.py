"""The holdout split: its size, its seed, and near-duplicates that stay together."""

import numpy as np
from PIL import Image, ImageOps

from puppyslug.training.holdout import split_holdout
from puppyslug.training.near_duplicates import hash_image
from support.training_images import save_random_images


def hash_all(folder):
    return [hash_image(path) for path in sorted(folder.iterdir())]


def test_near_duplicates_are_never_separated(tmp_path):
    folder = save_random_images(tmp_path, 10, 0)
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            ImageOps.mirror(picture).save(folder / f"{path.stem}-mirrored.png")
            picture.resize((70, 70)).save(folder / f"{path.stem}-small.jpg", quality=60)
            picture.crop((1, 1, 95, 95)).save(folder / f"{path.stem}-cropped.png")
    images = hash_all(folder)
    for seed in range(20):
        train, holdout = split_holdout(images, np.random.default_rng(seed))
        assert len(train) + len(holdout) == len(images) == 40
        assert 4 <= len(holdout) <= 16
        originals = ({image.path.stem[:3] for image in part} for part in (train, holdout))
        assert not set.intersection(*originals)


def test_the_generator_determines_the_split(tmp_path):
    images = hash_all(save_random_images(tmp_path, 10, 0))

    def holdout_names(seed):
        _, holdout = split_holdout(images, np.random.default_rng(seed))
        return [image.path.name for image in holdout]

    assert holdout_names(1) == holdout_names(1)
    assert len({tuple(holdout_names(seed)) for seed in range(8)}) > 1


def test_nothing_is_held_out_of_near_duplicates_alone(tmp_path):
    save_random_images(tmp_path, 1, 0)
    with Image.open(tmp_path / "000.png") as picture:
        for quality in (50, 70, 90):
            picture.save(tmp_path / f"{quality}.jpg", quality=quality)
    train, holdout = split_holdout(hash_all(tmp_path), np.random.default_rng(0))
    assert (len(train), len(holdout)) == (4, 0)
