"""Training of a network's last block together with the classifier, at a small learning rate."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import kl_div

from puppyslug.networks.architectures import Architecture
from puppyslug.training.classifier import (
    BATCH_SIZE,
    Examples,
    LinearClassifier,
    TrainedClassifier,
    cross_entropy,
    pool_features,
)

MAX_EPOCHS = 8
PATIENCE = 2  # epochs without improvement
LEARNING_RATE = 1e-4
DISTILLATION_WEIGHT = 0.5  # of preserving the base's predictions for images of none


@dataclass(frozen=True)
class EpochResult:
    """The result of an epoch.

    Attributes:
        number: number of completed epochs.
        best: the best result so far.
        checkpoint: tensors by name, from which training can resume.
        is_last: whether training is finished.
    """

    number: int
    best: TrainedClassifier
    checkpoint: dict[str, Tensor]
    is_last: bool


class LastBlockTrainer:
    """Trains the last block and the classifier with AdamW, with early stopping."""

    def __init__(
        self, start: TrainedClassifier, train: Examples, holdout: Examples, seed: int
    ) -> None:
        """Prepare the training.

        Args:
            start: result of ``fit_classifier``.
            train: training examples, with one tensor of inputs.
            holdout: decides when to stop.
            seed: of the order of the examples.
        """
        self._start = start
        self._train, self._holdout, self._seed = train, holdout, seed
        (self._inputs,) = train.block_inputs
        self._architecture = copy.deepcopy(start.architecture)
        self._rows = [
            torch.nn.Parameter(start.classifier.weight.float()),
            torch.nn.Parameter(start.classifier.bias.float()),
        ]
        block = _enable_last_block_gradients(self._architecture, self._inputs[:1])
        self._parameters = [*block, *self._rows]
        self._optimiser = torch.optim.AdamW(self._parameters, lr=LEARNING_RATE, weight_decay=0.0)
        self._is_negative = train.targets[:, -1] == 1
        start_logits = start.classifier.logits(
            pool_features(start.architecture, train.block_inputs)
        )
        self._base_probabilities = start_logits[:, train.class_count :].softmax(1).float()

    def epochs(self, checkpoint: dict[str, Tensor] | None = None) -> Iterator[EpochResult]:
        """Train until the loss on the holdout no longer decreases.

        Args:
            checkpoint: of an earlier epoch, to resume from.

        Yields:
            The result of each epoch.
        """
        best, number, without_improvement = self._start, 0, 0
        if checkpoint is not None:
            number = int(checkpoint["epoch"])
            without_improvement = int(checkpoint["without"])
            best = self._restore(checkpoint)
        while number < MAX_EPOCHS and without_improvement < PATIENCE:
            self._run_epoch(number)
            number += 1
            current = self._evaluate()
            improved = current.loss < best.loss
            without_improvement = 0 if improved else without_improvement + 1
            best = current if improved else best
            is_last = number == MAX_EPOCHS or without_improvement == PATIENCE
            state = self._checkpoint(number, without_improvement, best)
            yield EpochResult(number, best, state, is_last)

    def _run_epoch(self, epoch: int) -> None:
        """Take a step for every batch, in an order that seed and epoch determine."""
        count = len(self._inputs)
        order = torch.from_numpy(np.random.default_rng((self._seed, epoch)).permutation(count))
        for chosen in torch.split(order, BATCH_SIZE):
            loss = self._loss(chosen)
            self._optimiser.zero_grad()
            torch.autograd.backward([loss])
            self._optimiser.step()

    def _loss(self, chosen: Tensor) -> Tensor:
        """Cross entropy, plus the divergence from the base's predictions for negatives."""
        features = self._architecture.forward_last_block(self._inputs[chosen].float()).mean((2, 3))
        weights = self._train.weights[chosen] * len(self._inputs) / len(chosen)
        batch = Examples((), self._train.targets[chosen], weights)
        base = self._start.classifier
        weight, bias = self._rows
        classifier = LinearClassifier(
            weight, bias, base.base_weight.float(), base.base_bias.float()
        )
        logits = classifier.logits(features)
        loss = cross_entropy(logits, batch)
        is_negative = self._is_negative[chosen]
        if is_negative.any():
            log_probabilities = logits[is_negative][:, batch.class_count :].log_softmax(1)
            targets = self._base_probabilities[chosen][is_negative]
            divergence = kl_div(log_probabilities, targets, reduction="batchmean")
            loss = loss + DISTILLATION_WEIGHT * is_negative.float().mean() * divergence
        return loss

    def _evaluate(self) -> TrainedClassifier:
        architecture = copy.deepcopy(self._architecture).requires_grad_(False)
        weight, bias = (row.detach().double() for row in self._rows)
        base = self._start.classifier
        classifier = LinearClassifier(weight, bias, base.base_weight, base.base_bias)
        logits = classifier.logits(pool_features(architecture, self._holdout.block_inputs))
        loss = float(cross_entropy(logits, self._holdout))
        return TrainedClassifier(architecture, classifier, loss, trained_last_block=True)

    def _checkpoint(
        self, epoch: int, without_improvement: int, best: TrainedClassifier
    ) -> dict[str, Tensor]:
        """Return everything that training needs to resume; the names are a file format."""
        tensors = {
            "epoch": torch.tensor(epoch),
            "without": torch.tensor(without_improvement),
            "best.loss": torch.tensor(best.loss, dtype=torch.float64),
            "best.taught": torch.tensor(best.trained_last_block),
            "best.weight": best.classifier.weight,
            "best.bias": best.classifier.bias,
        }
        best_parameters = dict(best.architecture.named_parameters())
        for name in self._block_parameter_names():
            tensors[f"best.family.{name}"] = best_parameters[name].detach()
        for number, parameter in enumerate(self._parameters):
            tensors[f"now.{number}"] = parameter.detach()
            for name, value in self._optimiser.state[parameter].items():
                tensors[f"climber.{number}.{name}"] = value
        return {name: tensor.clone().contiguous() for name, tensor in tensors.items()}

    def _restore(self, checkpoint: dict[str, Tensor]) -> TrainedClassifier:
        """Restore parameters and optimiser; return the best result before the checkpoint."""
        architecture = copy.deepcopy(self._start.architecture)
        best_parameters = dict(architecture.named_parameters())
        with torch.no_grad():
            for number, parameter in enumerate(self._parameters):
                parameter.copy_(checkpoint[f"now.{number}"])
                self._optimiser.state[parameter] = {
                    name: checkpoint[f"climber.{number}.{name}"].clone()
                    for name in ("step", "exp_avg", "exp_avg_sq")
                }
            for name in self._block_parameter_names():
                best_parameters[name].copy_(checkpoint[f"best.family.{name}"])
        base = self._start.classifier
        classifier = LinearClassifier(
            checkpoint["best.weight"].double(),
            checkpoint["best.bias"].double(),
            base.base_weight,
            base.base_bias,
        )
        return TrainedClassifier(
            architecture,
            classifier,
            loss=float(checkpoint["best.loss"]),
            trained_last_block=bool(checkpoint["best.taught"]),
        )

    def _block_parameter_names(self) -> Sequence[str]:
        parameters = self._architecture.named_parameters()
        return [name for name, parameter in parameters if parameter.requires_grad]


def _enable_last_block_gradients(
    architecture: Architecture, block_inputs: Tensor
) -> list[torch.nn.Parameter]:
    """Set ``requires_grad`` for the parameters of the last block only, and return them.

    They are those that the last block's output depends on.
    """
    architecture.requires_grad_(True)
    output = architecture.forward_last_block(block_inputs.float()).sum()
    parameters = list(architecture.parameters())
    gradients = torch.autograd.grad(output, parameters, allow_unused=True)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.requires_grad_(gradient is not None)
    return [parameter for parameter in parameters if parameter.requires_grad]
