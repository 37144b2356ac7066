"""A new classifier on top of what a network knows, then its last block.

A thing begins as a mixture of the classes that the base takes it for, and is kept near that: what
is learnt from a few pictures is what sets it apart. The base's own classes stay in the race as
what is none of the things (learning without forgetting: Z. Li, D. Hoiem, 2016, arXiv:1606.09282).
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.functional import kl_div

from puppyslug.networks.architectures import Architecture
from puppyslug.recognition.classification import among_things

PRICES = (0.01, 0.003, 0.001)  # of leaving where a thing began; the dearest that does
EPOCHS = 8  # of the last block
PATIENCE = 2  # epochs that bring nothing
RATE = 1e-4  # AdamW's
TOGETHER = 32  # examples of a step
KEEPING = 0.5  # weight of keeping the base's own opinion of what is none of the things


@dataclass(frozen=True)
class Examples:
    """What is learnt from, or tried.

    Attributes:
        tops: activations below the last block, N_i×C×h×w float16 each; N of them in all.
        targets: N×(things + 1), how likely each thing, or none, should be.
        weights: N, how much each counts; they add up to 1.
    """

    tops: tuple[Tensor, ...]
    targets: Tensor
    weights: Tensor

    @property
    def whole(self) -> Tensor:
        """Which of them are of one thing alone, no blends: N booleans."""
        return self.targets.amax(1) == 1


class Classifier:
    """Rows for things, over the base's own.

    Attributes:
        weight: things×features float64; where the base knows no classes, one more row for none.
        bias: of each.
        base_weight: classes×features of the base; none where it knows none.
        base_bias: of each.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor, base_weight: Tensor, base_bias: Tensor
    ) -> None:
        """Take the rows."""
        self.weight, self.bias = weight, bias
        self.base_weight, self.base_bias = base_weight, base_bias

    def logits(self, features: Tensor) -> Tensor:
        """Of things, then of the base's classes: N×features → N×classes."""
        weight = torch.cat([self.weight, self.base_weight.to(self.weight)])
        bias = torch.cat([self.bias, self.base_bias.to(self.bias)])
        return features @ weight.T + bias

    def softened(self, factor: float) -> "Classifier":
        """The same with all logits multiplied."""
        rows = (self.weight, self.bias, self.base_weight, self.base_bias)
        return Classifier(*(row * factor for row in rows))


@dataclass(frozen=True)
class Knowledge:
    """What has been learnt.

    Attributes:
        architecture: the layers; its own classifier is still the base's.
        classifier: the new one.
        loss: mean of −log p over what was held out, or learnt from where nothing was.
        taught_blocks: whether the last block differs from the base's.
    """

    architecture: Architecture
    classifier: Classifier
    loss: float
    taught_blocks: bool


def features_of(architecture: Architecture, tops: tuple[Tensor, ...]) -> Tensor:
    """What the classifier is given, as a mean over positions: N×features float64."""
    with torch.no_grad():
        pooled = [
            architecture.top(some.float()).mean((2, 3))
            for part in tops
            for some in torch.split(part, TOGETHER)
        ]
    return torch.cat(pooled).double()


def base_rows(architecture: Architecture, classes: int) -> tuple[Tensor, Tensor]:
    """The rows of the base's own classifier, float64; none where it knows no classes."""
    if not classes:
        return torch.zeros(0, 0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    layer = architecture.classifier
    assert layer.bias is not None
    return layer.weight.detach().double().flatten(1), layer.bias.detach().double()


def begin(features: Tensor, examples: Examples, base: tuple[Tensor, Tensor]) -> Classifier:
    """The classifier before anything is learnt: each thing as what the base takes it for."""
    things = examples.targets.shape[1] - 1
    weight, bias = base
    if not len(weight):
        empty = torch.zeros(things + 1, features.shape[1], dtype=torch.float64)
        return Classifier(empty, empty[:, 0].clone(), empty[:0], empty[:0, 0])
    opinions = torch.stack(
        [
            (features[examples.targets[:, n] == 1] @ weight.T + bias).softmax(1).mean(0)
            for n in range(things)
        ]
    )
    return Classifier(opinions @ weight, opinions @ bias, weight, bias)


def loss_of(logits: Tensor, examples: Examples) -> Tensor:
    """Weighted mean of the cross entropy among things and none."""
    things = examples.targets.shape[1] - 1
    grouped = torch.cat(
        [logits[:, :things], logits[:, things:].logsumexp(1, keepdim=True)], 1
    ).log_softmax(1)
    return -((examples.targets.to(grouped) * grouped).sum(1) * examples.weights.to(grouped)).sum()


def mistakes(logits: Tensor, examples: Examples) -> float:
    """The share of whole examples that are taken for something else."""
    chances = among_things(logits.softmax(1), examples.targets.shape[1] - 1)
    wrong = chances.argmax(1) != examples.targets.argmax(1)
    return float(wrong[examples.whole].double().mean()) if examples.whole.any() else 0.0


def learn_classifier(
    architecture: Architecture, learnt: Examples, tried: Examples | None, classes: int
) -> Knowledge:
    """Learn a classifier; the last block stays as it is.

    The problem is convex, so that where it ends does not depend on how it is climbed.

    Args:
        architecture: the base's layers.
        learnt: what is learnt from.
        tried: what decides how far to leave where things began; None for not far.
        classes: that the base knows.
    """
    features = features_of(architecture, learnt.tops)
    start = begin(features, learnt, base_rows(architecture, classes))
    own = features_of(architecture, tried.tops) if tried is not None else features
    judged = tried or learnt
    found = []
    for price in PRICES:
        classifier = _descended(start, features, learnt, price)
        logits = classifier.logits(own)
        found.append(
            (mistakes(logits, judged), Knowledge(
                architecture, classifier, float(loss_of(logits, judged)), taught_blocks=False
            ))
        )  # fmt: skip
        if tried is None:
            break
    fewest = min(share for share, _ in found)
    spread = (fewest * (1 - fewest) / max(1, int(judged.whole.sum()))) ** 0.5
    return next(one for share, one in found if share <= fewest + spread)


def _descended(start: Classifier, features: Tensor, learnt: Examples, price: float) -> Classifier:
    """The classifier of the least loss and distance from the start, by L-BFGS."""
    rows, width = start.weight.shape
    none = (features @ start.base_weight.T + start.base_bias) if len(start.base_weight) else None
    rest = None if none is None else none.logsumexp(1, keepdim=True)

    def cost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        values = torch.from_numpy(flat).requires_grad_()
        change, shift = values[: rows * width].view(rows, width), values[rows * width :]
        logits = features @ (start.weight + change).T + start.bias + shift
        if rest is not None:
            logits = torch.cat([logits, rest], 1)
        loss = loss_of(logits, learnt) + price * change.square().sum()
        (gradient,) = torch.autograd.grad(loss, values)
        return float(loss.detach()), gradient.numpy()

    options = {"maxiter": 500, "maxcor": 20}
    result = minimize(
        cost, np.zeros(rows * (width + 1)), jac=True, method="L-BFGS-B", options=options
    )
    found = torch.from_numpy(result.x)
    return Classifier(
        start.weight + found[: rows * width].view(rows, width),
        start.bias + found[rows * width :],
        start.base_weight,
        start.base_bias,
    )


@dataclass(frozen=True)
class Epoch:
    """The last block after some epochs, with all that is needed to go on.

    Attributes:
        number: of epochs that are done.
        best: the best knowledge so far.
        state: tensors by name.
        done: whether there is nothing more to gain.
    """

    number: int
    best: Knowledge
    state: dict[str, Tensor]
    done: bool


class LastBlock:
    """The last block and the things' rows, taught together at a small rate."""

    def __init__(self, known: Knowledge, learnt: Examples, tried: Examples, seed: int) -> None:
        """Take what is known, what to learn from (all of one size) and what to try it with."""
        self._known = known
        self._learnt, self._tried, self._seed = learnt, tried, seed
        (self._tops,) = learnt.tops
        self._architecture = copy.deepcopy(known.architecture)
        self._rows = [
            torch.nn.Parameter(known.classifier.weight.float()),
            torch.nn.Parameter(known.classifier.bias.float()),
        ]
        self._block = _learning(self._architecture, self._tops[:1])
        self._climber = torch.optim.AdamW([*self._block, *self._rows], lr=RATE, weight_decay=0.0)
        self._none = learnt.targets[:, -1] == 1
        self._opinion = (
            known.classifier.logits(features_of(known.architecture, learnt.tops))
            [:, learnt.targets.shape[1] - 1 :].softmax(1).float()
        )  # fmt: skip

    def epochs(self, state: dict[str, Tensor] | None = None) -> Iterator[Epoch]:
        """Learn, epoch by epoch, until it no longer gets better.

        Args:
            state: of an earlier epoch, to go on from.
        """
        best, number, without = self._known, 0, 0
        if state is not None:
            number, without = int(state["epoch"]), int(state["without"])
            best = self._restored(state)
        while number < EPOCHS and without < PATIENCE:
            self._go_through(number)
            number += 1
            now = self._now()
            without = 0 if now.loss < best.loss else without + 1
            best = now if now.loss < best.loss else best
            done = number == EPOCHS or without == PATIENCE
            yield Epoch(number, best, self._state(number, without, best), done)

    def _go_through(self, epoch: int) -> None:
        """Every example once, in an order that the seed and the epoch decide."""
        count = len(self._tops)
        order = torch.from_numpy(np.random.default_rng((self._seed, epoch)).permutation(count))
        for chosen in torch.split(order, TOGETHER):
            features = self._architecture.top(self._tops[chosen].float()).mean((2, 3))
            some = Examples(
                (),
                self._learnt.targets[chosen],
                self._learnt.weights[chosen] * count / len(chosen),
            )
            logits = self._classifier().logits(features)
            loss = loss_of(logits, some)
            none = self._none[chosen]
            if none.any():
                things = some.targets.shape[1] - 1
                opinion = logits[none][:, things:].log_softmax(1)
                kept = kl_div(opinion, self._opinion[chosen][none], reduction="batchmean")
                loss = loss + KEEPING * none.float().mean() * kept
            self._climber.zero_grad()
            torch.autograd.backward([loss])
            self._climber.step()

    def _classifier(self) -> Classifier:
        known = self._known.classifier
        base = known.base_weight.float(), known.base_bias.float()
        return Classifier(self._rows[0], self._rows[1], *base)

    def _now(self) -> Knowledge:
        architecture = copy.deepcopy(self._architecture).requires_grad_(False)
        rows = [row.detach().double() for row in self._rows]
        known = self._known.classifier
        classifier = Classifier(rows[0], rows[1], known.base_weight, known.base_bias)
        logits = classifier.logits(features_of(architecture, self._tried.tops))
        return Knowledge(architecture, classifier, float(loss_of(logits, self._tried)), True)

    def _state(self, epoch: int, without: int, best: Knowledge) -> dict[str, Tensor]:
        parameters = [*self._block, *self._rows]
        state = {
            "epoch": torch.tensor(epoch),
            "without": torch.tensor(without),
            "best.loss": torch.tensor(best.loss, dtype=torch.float64),
            "best.taught": torch.tensor(best.taught_blocks),
            "best.weight": best.classifier.weight,
            "best.bias": best.classifier.bias,
        }
        own = dict(best.architecture.named_parameters())
        for name, _ in self._named():
            state[f"best.family.{name}"] = own[name].detach()
        for number, parameter in enumerate(parameters):
            state[f"now.{number}"] = parameter.detach()
            for name, value in self._climber.state[parameter].items():
                state[f"climber.{number}.{name}"] = value
        return {name: tensor.clone().contiguous() for name, tensor in state.items()}

    def _restored(self, state: dict[str, Tensor]) -> Knowledge:
        """Go on from a state; the best that there was."""
        parameters = [*self._block, *self._rows]
        with torch.no_grad():
            for number, parameter in enumerate(parameters):
                parameter.copy_(state[f"now.{number}"])
                self._climber.state[parameter] = {
                    name: state[f"climber.{number}.{name}"].clone()
                    for name in ("step", "exp_avg", "exp_avg_sq")
                }
        architecture = copy.deepcopy(self._known.architecture)
        own = dict(architecture.named_parameters())
        with torch.no_grad():
            for name, _ in self._named():
                own[name].copy_(state[f"best.family.{name}"])
        known = self._known.classifier
        rows = state["best.weight"].double(), state["best.bias"].double()
        classifier = Classifier(*rows, known.base_weight, known.base_bias)
        return Knowledge(
            architecture, classifier, float(state["best.loss"]), bool(state["best.taught"])
        )

    def _named(self) -> Sequence[tuple[str, torch.nn.Parameter]]:
        """The block's weights, by what the family calls them."""
        return [
            (name, one) for name, one in self._architecture.named_parameters() if one.requires_grad
        ]


def _learning(architecture: Architecture, tops: Tensor) -> list[torch.nn.Parameter]:
    """Let the weights of the last block ask for gradients, and no others.

    They are those that a gradient of the last block's output reaches.
    """
    architecture.requires_grad_(True)
    output = architecture.top(tops.float()).sum()
    parameters = list(architecture.parameters())
    reached = torch.autograd.grad(output, parameters, allow_unused=True)
    for parameter, gradient in zip(parameters, reached, strict=True):
        parameter.requires_grad_(gradient is not None)
    return [one for one in parameters if one.requires_grad]
