"""The split of images into a training set and a holdout set."""

from collections.abc import Sequence

import numpy as np

from puppyslug.training.near_duplicates import TrainingImage, group_near_duplicates

HOLDOUT_SHARE = 0.2  # of the images of a class


def split_holdout(
    images: Sequence[TrainingImage], generator: np.random.Generator
) -> tuple[list[TrainingImage], list[TrainingImage]]:
    """Split the images of a class.

    Near-duplicates stay together, so that no holdout image resembles a training image.

    Args:
        images: of one class.
        generator: chooses the holdout images.

    Returns:
        Training images and holdout images, each in the given order. The holdout is empty where all
        images are near-duplicates.
    """
    groups = group_near_duplicates(images)
    count = groups.max() + 1 if len(images) else 0
    held_out: set[int] = set()
    if count > 1:
        target, sizes = HOLDOUT_SHARE * len(images), np.bincount(groups)
        for group in generator.permutation(count):
            size = sum(sizes[g] for g in held_out)
            fits = size + sizes[group] <= max(target, 1) * 2 and len(held_out) < count - 1
            if size < target and fits:
                held_out.add(int(group))
    return (
        [image for image, group in zip(images, groups, strict=True) if group not in held_out],
        [image for image, group in zip(images, groups, strict=True) if group in held_out],
    )
