"""A linear classifier of new classes on top of a base network's features.

The weights of a new class start as a mixture of those of the base's classes that the base predicts
for its images, and are regularised towards that start, so that few images suffice. The base's
classes are kept, and together mean "none of the new classes" (learning without forgetting: Z. Li,
D. Hoiem, 2016, arXiv:1606.09282).
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from puppyslug.networks.architectures import Architecture
from puppyslug.recognition.classification import new_class_probabilities

PENALTIES = (0.01, 0.003, 0.001)  # weights of the squared distance from the start, to choose from
BATCH_SIZE = 32


@dataclass(frozen=True)
class Examples:
    """Features with targets and weights.

    Attributes:
        block_inputs: inputs of the last block, N_i×C×h×w float16 each; N in total.
        targets: N×(classes + 1), probabilities of the new classes and of none.
        weights: (N,), which sum to 1.
    """

    block_inputs: tuple[Tensor, ...]
    targets: Tensor
    weights: Tensor

    @property
    def class_count(self) -> int:
        """Number of new classes."""
        return self.targets.shape[1] - 1

    @property
    def is_pure(self) -> Tensor:
        """(N,) booleans: which examples belong to one class, not to a blend."""
        return self.targets.amax(1) == 1


@dataclass(frozen=True)
class LinearClassifier:
    """Weights of the new classes and of the base's classes.

    Attributes:
        weight: classes×features, float64; with one more row, for none, where the base has no
            classes.
        bias: one for each row.
        base_weight: base classes×features; no rows where the base has no classes.
        base_bias: one for each row.
    """

    weight: Tensor
    bias: Tensor
    base_weight: Tensor
    base_bias: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """Compute logits, the new classes' first: N×features → N×(classes + base classes)."""
        weight = torch.cat([self.weight, self.base_weight.to(self.weight)])
        bias = torch.cat([self.bias, self.base_bias.to(self.bias)])
        return features @ weight.T + bias

    def scaled(self, factor: float) -> "LinearClassifier":
        """Return a classifier with all logits multiplied by a factor."""
        rows = (self.weight, self.bias, self.base_weight, self.base_bias)
        return LinearClassifier(*(row * factor for row in rows))


@dataclass(frozen=True)
class TrainedClassifier:
    """The layers and the classifier after some training.

    Attributes:
        architecture: the layers; its own classifier is still the base's.
        classifier: the new classifier.
        loss: cross entropy on the holdout; on the training examples where there is none.
        trained_last_block: whether the last block differs from the base's.
    """

    architecture: Architecture
    classifier: LinearClassifier
    loss: float
    trained_last_block: bool


def pool_features(architecture: Architecture, block_inputs: tuple[Tensor, ...]) -> Tensor:
    """Compute the classifier's inputs: the last block's output, averaged over positions.

    Returns:
        N×features, float64.
    """
    with torch.no_grad():
        pooled = [
            architecture.forward_last_block(batch.float()).mean((2, 3))
            for part in block_inputs
            for batch in torch.split(part, BATCH_SIZE)
        ]
    return torch.cat(pooled).double()


def base_classifier_rows(architecture: Architecture, classes: int) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the base's classifier, float64; empty where it has no classes."""
    if not classes:
        return torch.zeros(0, 0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    layer = architecture.classifier
    assert layer.bias is not None
    return layer.weight.detach().double().flatten(1), layer.bias.detach().double()


def initial_classifier(
    features: Tensor, examples: Examples, base: tuple[Tensor, Tensor]
) -> LinearClassifier:
    """Return the classifier before training.

    Args:
        features: N×features of the examples.
        examples: the training examples.
        base: weight and bias of the base's classifier.

    Returns:
        Each new class as the mean of the base's classes, weighted by the base's predictions for
        its images; zeros where the base has no classes.
    """
    weight, bias = base
    if not len(weight):
        empty = torch.zeros(examples.class_count + 1, features.shape[1], dtype=torch.float64)
        return LinearClassifier(empty, empty[:, 0].clone(), empty[:0], empty[:0, 0])
    predictions = torch.stack(
        [
            (features[examples.targets[:, number] == 1] @ weight.T + bias).softmax(1).mean(0)
            for number in range(examples.class_count)
        ]
    )
    return LinearClassifier(predictions @ weight, predictions @ bias, weight, bias)


def cross_entropy(logits: Tensor, examples: Examples) -> Tensor:
    """Compute the weighted cross entropy over the new classes and none."""
    count = examples.class_count
    log_probabilities = torch.cat(
        [logits[:, :count], logits[:, count:].logsumexp(1, keepdim=True)], 1
    ).log_softmax(1)
    targets = examples.targets.to(log_probabilities)
    weights = examples.weights.to(log_probabilities)
    return -((targets * log_probabilities).sum(1) * weights).sum()


def error_rate(logits: Tensor, examples: Examples) -> float:
    """Return the share of the pure examples that are assigned to a wrong class."""
    probabilities = new_class_probabilities(logits.softmax(1), examples.class_count)
    wrong = probabilities.argmax(1) != examples.targets.argmax(1)
    return float(wrong[examples.is_pure].double().mean()) if examples.is_pure.any() else 0.0


def fit_classifier(
    architecture: Architecture, train: Examples, holdout: Examples | None, base_classes: int
) -> TrainedClassifier:
    """Train a classifier on the features of an unchanged last block.

    The penalty is the largest one whose error rate on the holdout is within one standard error of
    the lowest.

    Args:
        architecture: the base's layers.
        train: training examples.
        holdout: selects the penalty; None for the largest.
        base_classes: number of the base's classes.
    """
    features = pool_features(architecture, train.block_inputs)
    start = initial_classifier(features, train, base_classifier_rows(architecture, base_classes))
    evaluated = holdout or train
    evaluated_features = (
        features if holdout is None else pool_features(architecture, holdout.block_inputs)
    )
    candidates = []
    for penalty in PENALTIES if holdout is not None else PENALTIES[:1]:
        classifier = _minimise(start, features, train, penalty)
        logits = classifier.logits(evaluated_features)
        loss = float(cross_entropy(logits, evaluated))
        trained = TrainedClassifier(architecture, classifier, loss, trained_last_block=False)
        candidates.append((error_rate(logits, evaluated), trained))
    lowest = min(rate for rate, _ in candidates)
    standard_error = (lowest * (1 - lowest) / max(1, int(evaluated.is_pure.sum()))) ** 0.5
    return next(trained for rate, trained in candidates if rate <= lowest + standard_error)


def _minimise(
    start: LinearClassifier, features: Tensor, train: Examples, penalty: float
) -> LinearClassifier:
    """Minimise cross entropy and distance from the start, a convex problem, by L-BFGS."""
    rows, width = start.weight.shape
    none_logit = None  # constant: the base's classes are not trained
    if len(start.base_weight):
        base_logits = features @ start.base_weight.T + start.base_bias
        none_logit = base_logits.logsumexp(1, keepdim=True)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        values = torch.from_numpy(flat).requires_grad_()
        weight, bias = values[: rows * width].view(rows, width), values[rows * width :]
        logits = features @ (start.weight + weight).T + start.bias + bias
        if none_logit is not None:
            logits = torch.cat([logits, none_logit], 1)
        loss = cross_entropy(logits, train) + penalty * weight.square().sum()
        (gradient,) = torch.autograd.grad(loss, values)
        return float(loss.detach()), gradient.numpy()

    options = {"maxiter": 500, "maxcor": 20}
    result = minimize(
        objective, np.zeros(rows * (width + 1)), jac=True, method="L-BFGS-B", options=options
    )
    change = torch.from_numpy(result.x)
    return LinearClassifier(
        start.weight + change[: rows * width].view(rows, width),
        start.bias + change[rows * width :],
        start.base_weight,
        start.base_bias,
    )
