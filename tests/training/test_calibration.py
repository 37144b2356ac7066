"""Calibration: probabilities in dreams, and the confidence of classifications."""

import pytest
import torch

from puppyslug.networks.specs import FinetunedHead
from puppyslug.recognition.classification import calibrate_logits, new_class_probabilities
from puppyslug.training.calibration import (
    DEFAULT_THRESHOLD,
    TARGET_PROBABILITY,
    calibrate,
    scale_for_dreams,
)
from puppyslug.training.classifier import Examples, cross_entropy
from support.classifier_problem import features_of

HEAD = FinetunedHead("base", ("cup", "hat"))


def test_scaled_logits_have_the_target_probability(examples, trained):
    features = features_of(examples)
    positive = examples.targets[:, :2].amax(1) == 1
    scaled = scale_for_dreams(trained.classifier, features, examples)
    probabilities = new_class_probabilities(scaled.logits(features[positive]).softmax(1), 2)
    mean = (probabilities * examples.targets[positive]).sum(1).mean()
    assert float(mean) == pytest.approx(TARGET_PROBABILITY, abs=1e-6)


def test_calibration_lowers_the_loss_on_the_holdout(examples, trained):
    logits = trained.classifier.scaled(0.3).logits(features_of(examples))
    calibrated = calibrate(HEAD, logits, examples)
    losses = [
        float(cross_entropy(calibrate_logits(logits, head), examples))
        for head in (HEAD, calibrated)
    ]
    assert losses[1] < losses[0]
    assert calibrated.logit_scale > 1


def test_the_threshold_separates_correct_predictions_from_blends():
    correct = torch.eye(3, dtype=torch.float64) * 6
    blends = torch.tensor([[3.0, 2.6, 0.0], [2.9, 3.0, 0.0]], dtype=torch.float64)
    logits = torch.cat([correct, blends])
    targets = torch.cat([torch.eye(3), torch.tensor([[0.5, 0.5, 0], [0.5, 0.5, 0]])])
    holdout = Examples((), targets, torch.full((5,), 0.2, dtype=torch.float64))
    head = calibrate(HEAD, logits, holdout)
    confidence = calibrate_logits(logits, head).softmax(1).amax(1)
    assert (confidence >= head.confidence_threshold).tolist() == [True] * 3 + [False] * 2


def test_the_threshold_has_a_default_where_nothing_is_to_be_rejected():
    logits = torch.eye(3, dtype=torch.float64) * 6
    holdout = Examples((), torch.eye(3), torch.full((3,), 1 / 3, dtype=torch.float64))
    assert calibrate(HEAD, logits, holdout).confidence_threshold == DEFAULT_THRESHOLD
