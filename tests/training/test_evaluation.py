"""Evaluation: predictions for holdout images, the confusion matrix, and the base's predictions."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from puppyslug.labels import imagenet
from puppyslug.training.evaluation import (
    BASE_PREDICTIONS,
    count_correct,
    holdout_result,
    predict_holdout,
    predict_with_base,
)
from puppyslug.training.near_duplicates import TrainingImage
from support.classifier_problem import features_of

NAMES = ("cup", "hat")
IMAGE = TrainingImage(Path("image.png"), "0" * 64, (np.zeros(64, bool), np.zeros(64, bool)))


@pytest.fixture
def predictions():
    # logits of cup, hat and two classes of the base; the last row is of a blend
    logits = torch.tensor(
        [[4.0, 0, 0, 0], [0.2, 0, 0, -9], [0, 0, 2.0, 2.0], [0, 5.0, 0, 0], [9.0, 9.0, 0, 0]]
    )
    images = [(IMAGE, "cup"), (IMAGE, "cup"), (IMAGE, "none"), (IMAGE, "cup")]
    return predict_holdout(images, logits, NAMES, threshold=0.7)


def test_the_most_probable_class_is_predicted(predictions):
    assert [one.class_name for one in predictions] == ["cup", "cup", "none", "cup"]
    assert [one.predicted for one in predictions] == ["cup", "cup", "none", "hat"]
    assert [one.sure for one in predictions] == [True, False, True, True]
    expected = 2 * np.exp(2) / (2 + 2 * np.exp(2))  # classes of the base are added
    assert predictions[2].probability == pytest.approx(expected)


def test_the_confusion_matrix_counts_predictions(predictions):
    result = holdout_result(predictions, NAMES)
    assert result.counts == ((2, 1, 0), (0, 0, 0), (0, 0, 1))
    assert result.unsure == (1, 0, 0)
    assert count_correct(result) == (3, 4)
    assert holdout_result((), NAMES) is None


def test_the_base_predicts_its_own_classes(architecture, examples):
    vocabulary = imagenet()
    base = SimpleNamespace(
        vocabulary=vocabulary, architecture=architecture, spec=SimpleNamespace(classes=7)
    )
    predictions = predict_with_base(base, examples)
    assert [len(own) for own in predictions] == [BASE_PREDICTIONS] * 2
    logits = architecture.labels(features_of(examples).float()[:, :, None, None])[:, :, 0, 0]
    for number, own in enumerate(predictions):
        mean = logits.softmax(1)[examples.targets[:, number] == 1].mean(0)
        assert own[0].name == vocabulary.class_name(int(mean.argmax()))
        assert own[0].probability == pytest.approx(float(mean.max()), rel=1e-5)
    base.vocabulary = None
    assert predict_with_base(base, examples) == ()
