"""Evaluation of a new classifier on holdout images, and of the base network on training images."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from puppyslug.labels import NONE_CLASS
from puppyslug.networks.finetuned import HoldoutResult
from puppyslug.networks.network import Network
from puppyslug.recognition.classification import new_class_probabilities
from puppyslug.training.classifier import Examples, base_classifier_rows, pool_features
from puppyslug.training.near_duplicates import TrainingImage

BASE_PREDICTIONS = 4  # of each class


class HoldoutPrediction(NamedTuple):
    """The classification of a holdout image.

    Attributes:
        image: the image.
        class_name: name of its class, or ``none``.
        predicted: name of the predicted class, or ``none``.
        probability: of the predicted class, in [0, 1].
        sure: whether the probability is above the confidence threshold.
    """

    image: TrainingImage
    class_name: str
    predicted: str
    probability: float
    sure: bool


class BasePrediction(NamedTuple):
    """A class of the base network, and its mean probability for the images of a new class."""

    name: str
    probability: float


def predict_holdout(
    images: Sequence[tuple[TrainingImage, str]],
    logits: Tensor,
    class_names: Sequence[str],
    threshold: float,
) -> tuple[HoldoutPrediction, ...]:
    """Classify holdout images.

    Args:
        images: images with the names of their classes.
        logits: N×classes of the holdout, the images' first.
        class_names: names of the new classes.
        threshold: confidence threshold.
    """
    names = (*class_names, NONE_CLASS)
    probabilities = new_class_probabilities(logits.softmax(1), len(class_names))
    predictions = []
    for (image, name), row in zip(images, probabilities, strict=False):
        best = float(row.max())
        predicted = names[int(row.argmax())]
        predictions.append(HoldoutPrediction(image, name, predicted, best, best >= threshold))
    return tuple(predictions)


def holdout_result(
    predictions: Sequence[HoldoutPrediction], class_names: Sequence[str]
) -> HoldoutResult | None:
    """Compute the confusion matrix; None where there are no predictions."""
    if not predictions:
        return None
    names = (*class_names, NONE_CLASS)
    pairs = [(one.class_name, one.predicted) for one in predictions]
    unsure = [one.class_name for one in predictions if not one.sure]
    return HoldoutResult(
        counts=tuple(tuple(pairs.count((row, column)) for column in names) for row in names),
        unsure=tuple(unsure.count(row) for row in names),
    )


def count_correct(result: HoldoutResult) -> tuple[int, int]:
    """Return the number of correct predictions, and of all predictions."""
    correct = sum(row[index] for index, row in enumerate(result.counts))
    return correct, sum(map(sum, result.counts))


def predict_with_base(base: Network, train: Examples) -> tuple[tuple[BasePrediction, ...], ...]:
    """Classify the training images of each new class with the base network.

    Returns:
        For each new class, the base's likeliest classes; empty where the base has no classes.
    """
    vocabulary = base.vocabulary
    if vocabulary is None:
        return ()
    weight, bias = base_classifier_rows(base.architecture, base.spec.classes)
    features = pool_features(base.architecture, train.block_inputs)
    probabilities = (features @ weight.T + bias).softmax(1)
    predictions = []
    for number in range(train.class_count):
        own = probabilities[train.targets[:, number] == 1]
        best = own.mean(0).topk(BASE_PREDICTIONS)
        predictions.append(
            tuple(
                BasePrediction(vocabulary.class_name(index), probability)
                for index, probability in zip(
                    best.indices.tolist(), best.values.tolist(), strict=True
                )
            )
        )
    return tuple(predictions)
