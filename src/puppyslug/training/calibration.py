"""How sure a taught network is: soft enough for dreams, and verdicts as often right as they say."""

from dataclasses import replace

import numpy as np
import torch
from scipy.optimize import brentq, minimize
from torch import Tensor

from puppyslug.networks.specs import Taught
from puppyslug.recognition.classification import among_things, sharpened
from puppyslug.training.trainer import Classifier, Examples, loss_of

UNTRIED = 0.7  # probability from which on a verdict is sure where nothing was held out
SOFT = 0.9  # mean probability of the things in their own pictures that leaves dreams a way to go
_LEAST, _MOST = 0.5, 0.98  # that it is otherwise
_SHARPEST = 10.0  # by which logits may be multiplied, or divided


def softened(classifier: Classifier, features: Tensor, learnt: Examples) -> Classifier:
    """Soften a classifier, or sharpen it, until its own pictures are ``SOFT`` likely.

    Where a network is sure of a thing already, the gradient of its probability is of little else
    than grain.
    """
    things = learnt.targets.shape[1] - 1
    own = learnt.targets[:, :things].amax(1) == 1
    logits, targets = classifier.logits(features[own]), learnt.targets[own].to(features)

    def excess(power: float) -> float:
        chances = among_things((logits * _SHARPEST**power).softmax(1), things)
        return float((chances * targets).sum(1).mean()) - SOFT

    if excess(-1.0) >= 0 or excess(1.0) <= 0:
        return classifier
    return classifier.softened(float(_SHARPEST ** brentq(excess, -1.0, 1.0, xtol=1e-9)))


def calibrated(taught: Taught, logits: Tensor, tried: Examples) -> Taught:
    """How sharp verdicts should be so that what is held out is least surprising.

    Temperature scaling (C. Guo et al., 2017, arXiv:1706.04599), with a shift between things and
    none; as in J. Platt's (1999), a mistake more than was seen is reckoned with, since few pictures
    without one prove little. Blends of two things then tell from where on to be sure.

    Args:
        taught: what was taught.
        logits: of what is held out, N×classes.
        tried: what that is.
    """
    chance = 1 / (int(tried.whole.sum()) + 2)
    targets = tried.targets * (1 - chance) + chance / tried.targets.shape[1]
    alone = Examples((), targets, tried.weights * tried.whole)

    def cost(values: np.ndarray) -> float:
        return float(loss_of(sharpened(logits, _sharper(taught, values)), alone))

    result = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"maxiter": 200})
    sharper = _sharper(taught, result.x)
    return replace(sharper, sure_from=_sure_from(sharpened(logits, sharper), tried))


def _sharper(taught: Taught, values: np.ndarray) -> Taught:
    """A sharpness and a shift within reason, from any two numbers."""
    sharpness, shift = float(_SHARPEST ** np.tanh(values[0])), float(2 * np.tanh(values[1]))
    return replace(taught, sharpness=round(sharpness, 6), shift=round(shift, 6))


def _sure_from(logits: Tensor, tried: Examples) -> float:
    """The probability that best parts verdicts that are right from blends and mistakes."""
    chances = among_things(logits.softmax(1), tried.targets.shape[1] - 1)
    sureness = chances.amax(1)
    right = tried.whole & (chances.argmax(1) == tried.targets.argmax(1))
    good, bad = sureness[right], sureness[~right]
    if not len(bad) or not len(good):
        return UNTRIED
    edges = torch.cat([sureness, sureness.new_tensor([_LEAST, _MOST])]).sort().values
    middles = ((edges[1:] + edges[:-1]) / 2).clamp(_LEAST, _MOST)
    merit = torch.stack([(good >= m).double().mean() + (bad < m).double().mean() for m in middles])
    best = middles[merit >= merit.max() - 1e-9]
    return round(float(best.min()), 4)  # new pictures are less like what was learnt
