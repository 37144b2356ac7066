"""Near-duplicates: resaved, scaled, mirrored and cropped images are recognised."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from puppyslug.errors import TrainingError
from puppyslug.training.near_duplicates import (
    check_duplicates,
    group_near_duplicates,
    hash_image,
)
from support.training_images import save_random_images

VARIANTS = {
    "resaved.jpg": lambda picture: picture,
    "scaled.png": lambda picture: picture.resize((70, 70)),
    "mirrored.png": ImageOps.mirror,
    "cropped.png": lambda picture: picture.crop((1, 1, 95, 95)),
}


@pytest.fixture
def images(tmp_path):
    folder = save_random_images(tmp_path / "images", 4, 0)
    return [hash_image(path) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_a_near_duplicate_of_its_original_only(tmp_path, images, name):
    with Image.open(images[1].path) as picture:
        VARIANTS[name](picture).save(tmp_path / name)
    variant = hash_image(tmp_path / name)
    assert [variant.is_near_duplicate(image) for image in images] == [False, True, False, False]
    groups = group_near_duplicates([*images, variant])
    assert len(set(groups)) == 4
    assert groups[4] == groups[1]


def test_groups_agree_with_the_comparison_of_pairs(images):
    groups = group_near_duplicates(images)
    pairs = np.array([[one.is_near_duplicate(other) for other in images] for one in images])
    assert np.array_equal(groups[:, None] == groups, pairs)


def test_there_are_no_groups_of_no_images():
    assert len(group_near_duplicates([])) == 0


def test_near_duplicates_in_two_classes_give_a_notice(tmp_path, images):
    path = tmp_path / "near.jpg"
    with Image.open(images[0].path) as picture:
        picture.resize((80, 80)).save(path, quality=70)
    (notice,) = check_duplicates({"cup": images, "hat": [hash_image(path)]})
    assert str(images[0].path) in notice and str(path) in notice
    assert check_duplicates({"cup": images[:2], "hat": images[2:]}) == []


def test_the_same_file_in_two_classes_is_refused(images):
    with pytest.raises(TrainingError, match=images[0].path.name):
        check_duplicates({"cup": images, "hat": images[:1]})
