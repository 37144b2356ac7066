"""Calibration of a new classifier: its logits for dreams, and its confidence for classification."""

from dataclasses import replace

import numpy as np
import torch
from scipy.optimize import brentq, minimize
from torch import Tensor

from puppyslug.networks.specs import FinetunedHead
from puppyslug.recognition.classification import calibrate_logits, new_class_probabilities
from puppyslug.training.classifier import Examples, LinearClassifier, cross_entropy

DEFAULT_THRESHOLD = 0.7  # confidence threshold where no images could be held out
MIN_THRESHOLD, MAX_THRESHOLD = 0.5, 0.98
TARGET_PROBABILITY = 0.9  # mean probability of the right class; see scale_for_dreams
MAX_SCALE = 10.0  # by which logits may be multiplied or divided
MAX_BIAS = 2.0


def scale_for_dreams(
    classifier: LinearClassifier, features: Tensor, train: Examples
) -> LinearClassifier:
    """Scale the logits so that the mean probability of the right class is ``TARGET_PROBABILITY``.

    Where a probability is close to 1, its gradient is small and mostly noise.

    Args:
        classifier: the classifier to scale.
        features: N×features of the training examples.
        train: the training examples.
    """
    count = train.class_count
    positive = train.targets[:, :count].amax(1) == 1
    logits, targets = classifier.logits(features[positive]), train.targets[positive].to(features)

    def excess(exponent: float) -> float:
        probabilities = new_class_probabilities((logits * MAX_SCALE**exponent).softmax(1), count)
        return float((probabilities * targets).sum(1).mean()) - TARGET_PROBABILITY

    if excess(-1.0) >= 0 or excess(1.0) <= 0:
        return classifier
    return classifier.scaled(float(MAX_SCALE ** brentq(excess, -1.0, 1.0, xtol=1e-9)))


def calibrate(head: FinetunedHead, logits: Tensor, holdout: Examples) -> FinetunedHead:
    """Fit logit scale, logit bias and confidence threshold to holdout examples.

    Scale and bias minimise the cross entropy (temperature scaling: C. Guo et al., 2017,
    arXiv:1706.04599), with smoothed targets, since a small holdout without mistakes proves little
    (J. Platt, 1999). The threshold separates correct predictions from mistakes and blends.

    Args:
        head: the head to calibrate.
        logits: N×classes of the holdout.
        holdout: the holdout examples.
    """
    smoothing = 1 / (int(holdout.is_pure.sum()) + 2)
    targets = holdout.targets * (1 - smoothing) + smoothing / holdout.targets.shape[1]
    pure = Examples((), targets, holdout.weights * holdout.is_pure)

    def objective(values: np.ndarray) -> float:
        return float(cross_entropy(calibrate_logits(logits, _with_calibration(head, values)), pure))

    result = minimize(objective, np.zeros(2), method="Nelder-Mead", options={"maxiter": 200})
    calibrated = _with_calibration(head, result.x)
    threshold = _best_threshold(calibrate_logits(logits, calibrated), holdout)
    return replace(calibrated, confidence_threshold=threshold)


def _with_calibration(head: FinetunedHead, values: np.ndarray) -> FinetunedHead:
    """Set scale and bias from two unbounded numbers."""
    scale, bias = float(MAX_SCALE ** np.tanh(values[0])), float(MAX_BIAS * np.tanh(values[1]))
    return replace(head, logit_scale=round(scale, 6), logit_bias=round(bias, 6))


def _best_threshold(logits: Tensor, holdout: Examples) -> float:
    """Return the lowest confidence threshold of the highest balanced accuracy."""
    probabilities = new_class_probabilities(logits.softmax(1), holdout.class_count)
    confidence = probabilities.amax(1)
    correct = holdout.is_pure & (probabilities.argmax(1) == holdout.targets.argmax(1))
    accepted, rejected = confidence[correct], confidence[~correct]
    if not len(accepted) or not len(rejected):
        return DEFAULT_THRESHOLD
    limits = confidence.new_tensor([MIN_THRESHOLD, MAX_THRESHOLD])
    values = torch.cat([confidence, limits]).sort().values
    thresholds = ((values[1:] + values[:-1]) / 2).clamp(MIN_THRESHOLD, MAX_THRESHOLD)
    accuracies = torch.stack(
        [(accepted >= t).double().mean() + (rejected < t).double().mean() for t in thresholds]
    )
    best = thresholds[accuracies >= accuracies.max() - 1e-9]
    return round(float(best.min()), 4)  # the lowest: new images resemble the training images less
