"""The dataset of a training run: features of images, of generated negatives and of blends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from puppyslug.images import load_image
from puppyslug.labels import NONE_CLASS
from puppyslug.recipe.defaults import CLASSIFIED_SIDE
from puppyslug.recognition.classification import resize_for_classifier
from puppyslug.training.augmentation import centre_crop, random_views, seeded_generator
from puppyslug.training.classifier import Examples, base_classifier_rows, pool_features
from puppyslug.training.feature_extractor import FeatureExtractor
from puppyslug.training.holdout import split_holdout
from puppyslug.training.image_folder import ImageCollection, ItemProgress
from puppyslug.training.near_duplicates import TrainingImage
from puppyslug.training.negatives import generate_negatives

TOTAL_VIEWS = 1000  # of all training images, approximately
MIN_VIEWS, MAX_VIEWS = 2, 12  # of each training image
BLEND_COUNT = 60  # of two holdout images each; training on blends makes dreams worse
NEGATIVE_HOLDOUT_INTERVAL = 5  # one in five generated negatives is held out
MIN_BASE_PROBABILITY = 0.02  # from which a class of the base may coincide with a new class


@dataclass(frozen=True)
class FeatureDataset:
    """The features that a classifier is trained and evaluated with.

    Attributes:
        train: training examples.
        holdout: images, then generated negatives, then blends; None where no image of a class
            could be held out.
        holdout_images: the images at the beginning of ``holdout``, with the names of their
            classes.
    """

    train: Examples
    holdout: Examples | None
    holdout_images: tuple[tuple[TrainingImage, str], ...]


class _ExampleGroup(NamedTuple):
    """Features with the same target; the weight is that of the whole group."""

    block_inputs: Tensor
    target: Tensor
    weight: float


class _Blend(NamedTuple):
    first: TrainingImage
    second: TrainingImage
    target: Tensor


def build_dataset(
    images: ImageCollection, extractor: FeatureExtractor, seed: int
) -> Iterator[ItemProgress | FeatureDataset]:
    """Extract the features of all images.

    Args:
        images: the images of a folder.
        extractor: computes the features.
        seed: of the holdout split and the augmentation.

    Yields:
        The progress, in views; finally the dataset.
    """
    builder = _DatasetBuilder(images, extractor, seed)
    done = 0
    for views in builder.add_all():
        done += views
        yield ItemProgress(done, builder.total_views)
    yield builder.dataset()


class _DatasetBuilder:
    """Collects the example groups of a dataset. The ``add`` methods yield the views they add."""

    def __init__(self, images: ImageCollection, extractor: FeatureExtractor, seed: int) -> None:
        self._extractor, self._seed = extractor, seed
        self._names = (*images.class_names, NONE_CLASS)
        self._targets = torch.eye(len(self._names))
        self._splits = [
            split_holdout(own, seeded_generator("split", seed, name))
            for name, own in zip(
                self._names,
                [*(one.images for one in images.classes), images.negatives],
                strict=True,
            )
        ]
        train_count = sum(len(train) for train, _ in self._splits)
        self._view_count = max(MIN_VIEWS, min(MAX_VIEWS, round(TOTAL_VIEWS / train_count)))
        self._blends = _choose_blends([holdout for _, holdout in self._splits], seed)
        self._negative_count = sum(1 for _ in generate_negatives())
        self.total_views = (
            sum(len(train) * self._view_count + len(holdout) for train, holdout in self._splits)
            + self._negative_count
            + len(self._blends)
        )
        # images and generated negatives share the weight of the class none equally
        self._negative_image_weight = 0.5 if images.negatives else 0.0
        self._train: list[_ExampleGroup] = []
        self._holdout: list[_ExampleGroup] = []
        self._holdout_images: list[tuple[TrainingImage, str]] = []

    def add_all(self) -> Iterator[int]:
        yield from self._add_images()
        yield from self._add_negatives()
        yield from self._add_blends()

    def dataset(self) -> FeatureDataset:
        has_holdout = any(name != NONE_CLASS for _, name in self._holdout_images)
        return FeatureDataset(
            _merge(self._train, same_size=True),
            _merge(self._holdout) if has_holdout else None,
            tuple(self._holdout_images),
        )

    def _add_images(self) -> Iterator[int]:
        for name, target, (train, holdout) in zip(
            self._names, self._targets, self._splits, strict=True
        ):
            weight = self._negative_image_weight if name == NONE_CLASS else 1.0
            for image in train:
                features = self._augmented_features(image)
                self._train.append(_ExampleGroup(features, target, weight / len(train)))
                yield self._view_count
            for image in holdout:
                features = self._whole_features(image)
                self._holdout.append(_ExampleGroup(features, target, weight / len(holdout)))
                self._holdout_images.append((image, name))
                yield 1

    def _add_negatives(self) -> Iterator[int]:
        excluded = _coinciding_classes(self._extractor, self._train, len(self._names) - 1)
        negatives = list(generate_negatives(excluded))
        yield self._negative_count - len(negatives)
        holdout_count = len(negatives[::NEGATIVE_HOLDOUT_INTERVAL])
        for number, (name, make) in enumerate(negatives):
            is_holdout = number % NEGATIVE_HOLDOUT_INTERVAL == 0
            features = self._negative_features(name, make)
            count = holdout_count if is_holdout else len(negatives) - holdout_count
            weight = (1 - self._negative_image_weight) / count
            groups = self._holdout if is_holdout else self._train
            groups.append(_ExampleGroup(features, self._targets[-1], weight))
            yield 1

    def _add_blends(self) -> Iterator[int]:
        for blend in self._blends:
            features = self._blend_features(blend)
            self._holdout.append(_ExampleGroup(features, blend.target, 1 / len(self._blends)))
            yield 1

    @property
    def _size(self) -> int:
        return self._extractor.network.spec.trained_at

    def _augmented_features(self, image: TrainingImage) -> Tensor:
        """Features of the centre crop and of random views."""
        size, count, seed = self._size, self._view_count, self._seed

        def make_views() -> Tensor:
            pixels = _load(image)
            generator = seeded_generator("views", seed, image.sha256)
            views = random_views(pixels, size, count - 1, generator)
            return torch.cat([centre_crop(pixels, size), views])

        return self._extractor.extract(make_views, "views", seed, image.sha256, count, size)

    def _whole_features(self, image: TrainingImage) -> Tensor:
        """Features of the whole image, resized as for classification."""
        return self._extractor.extract(
            lambda: resize_for_classifier(_load(image), self._size),
            "whole",
            image.sha256,
            self._size,
        )

    def _negative_features(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        def make_view() -> Tensor:
            generator = seeded_generator("nothing", self._seed, name)
            return random_views(make(), self._size, 1, generator)

        return self._extractor.extract(make_view, "nothing", self._seed, name, self._size)

    def _blend_features(self, blend: _Blend) -> Tensor:
        """Features of the mean of two images."""

        def make_view() -> Tensor:
            crops = [centre_crop(_load(one), self._size) for one in (blend.first, blend.second)]
            return (crops[0] + crops[1]) / 2

        return self._extractor.extract(
            make_view, "blend", blend.first.sha256, blend.second.sha256, self._size
        )


def _merge(groups: Sequence[_ExampleGroup], *, same_size: bool = False) -> Examples:
    """Merge groups into examples whose weights sum to 1.

    Args:
        groups: at least one.
        same_size: whether all features have the same size, to be joined into one tensor.
    """
    counts = [len(group.block_inputs) for group in groups]
    weights = torch.cat(
        [
            torch.full((count,), group.weight / count, dtype=torch.float64)
            for count, group in zip(counts, groups, strict=True)
        ]
    )
    targets = [group.target.expand(count, -1) for count, group in zip(counts, groups, strict=True)]
    inputs = tuple(group.block_inputs for group in groups)
    return Examples(
        (torch.cat(inputs),) if same_size else inputs, torch.cat(targets), weights / weights.sum()
    )


def _choose_blends(holdouts: Sequence[Sequence[TrainingImage]], seed: int) -> list[_Blend]:
    """Choose pairs of holdout images of different classes.

    Args:
        holdouts: holdout images of each class, and of none.
        seed: of the choice.
    """
    generator = seeded_generator("blends", seed)
    classes = [(number, images) for number, images in enumerate(holdouts[:-1]) if images]
    pairs = list(combinations(classes, 2))
    blends = []
    for _ in range(BLEND_COUNT if pairs else 0):
        target = torch.zeros(len(holdouts))
        chosen = []
        for number, images in pairs[int(generator.integers(len(pairs)))]:
            target[number] = 0.5
            chosen.append(images[int(generator.integers(len(images)))])
        blends.append(_Blend(chosen[0], chosen[1], target))
    return blends


def _coinciding_classes(
    extractor: FeatureExtractor, groups: Sequence[_ExampleGroup], class_count: int
) -> frozenset[int]:
    """Find the classes of ImageNet that the base network recognises in a new class's images."""
    spec, architecture = extractor.network.spec, extractor.network.architecture
    if spec.vocabulary != "imagenet":
        return frozenset()
    weight, bias = base_classifier_rows(architecture, spec.classes)
    found: set[int] = set()
    for number in range(class_count):
        inputs = tuple(group.block_inputs for group in groups if group.target[number] == 1)
        mean = (pool_features(architecture, inputs) @ weight.T + bias).softmax(1).mean(0)
        found |= set((mean >= MIN_BASE_PROBABILITY).nonzero().flatten().tolist())
    return frozenset(found)


def _load(image: TrainingImage) -> Tensor:
    return load_image(image.path, longest=CLASSIFIED_SIDE).image
