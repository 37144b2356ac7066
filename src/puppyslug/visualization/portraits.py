"""Portraits: what a channel, a neuron or a class looks for, drawn from noise.

Feature visualisation as Lucid does it: a picture as a spectrum with decorrelated colours, climbed
by Adam, looked at from ever other views (Olah, Mordvintsev and Schubert, Distill 2017).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.views import draw_turn
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks import NetworkSpec
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, ChannelTerm, Objective, SeeTerm
from puppyslug.visualization.fourier import Fourier


class Way(NamedTuple):
    """How a portrait is climbed.

    Attributes:
        decay: of its spectrum, see ``Fourier``.
        rate: Adam's.
        distance: how far its numbers should go at least, in rates times steps: fewer steps are
            larger ones.
        size: edge, in pixels, that shows what there is to see.
        steps: as few as do.
    """

    decay: float
    rate: float
    distance: float
    size: int
    steps: int


# classes are of large shapes and soft colours
CHANNELS, CLASSES = Way(1.35, 0.05, 6.4, 112, 48), Way(1.5, 0.2, 19.2, 128, 64)
WAKING = 16  # steps in which what does not respond at all is looked for before its ReLU
LOGIT = 0.3  # weight of a class's own logit beside its probability, which alone hardly moves
PAD = 12  # pixels of grey around the picture, into which it may move
BACKDROP = 0.5  # how much of a transparent picture's score goes for what is opaque


@dataclass(frozen=True)
class PortraitStep:
    """One step of a batch of portraits.

    Attributes:
        step: counted from 0.
        steps: how many there are.
        scores: (N,), of the view before the step.
        images: N×3×H×W RGB in [0, 1].
        alpha: N×1×H×W in [0, 1], or None.
    """

    step: int
    steps: int
    scores: Tensor
    images: Tensor
    alpha: Tensor | None


def portrait_steps(
    objectives: Sequence[Objective],
    network: Network,
    *,
    size: int,
    steps: int,
    seed: int = 0,
    diversity: float = 0.0,
    transparent: bool = False,
) -> Generator[PortraitStep, None, None]:
    """Draw portraits, one of each objective, all at the same time.

    Args:
        objectives: what each is of; the same several times for its facets.
        network: that is portrayed.
        size: edge of the square pictures, in pixels.
        steps: how many.
        seed: another number gives another portrait.
        diversity: how different the pictures of a batch should be, 0 for no matter.
        transparent: whether what does not matter becomes transparent.

    Yields:
        Every step as it is done.

    Raises:
        ImageError: the size is too small for a layer.
        NetworkError: no such layer.
        ObjectiveError: no such channel, position or class; something that cannot be portrayed.
    """
    for objective in objectives:
        check(objective, network.spec, size)
    batch = Batch(tuple(_reachable(one) for one in objectives), diversity)
    awake = [_before_relu(one, network.spec) for one in batch.objectives]
    way = way_of(objectives)
    drawing = Fourier(
        len(objectives),
        (size, size),
        torch.Generator().manual_seed(seed),
        decay=way.decay,
        transparent=transparent,
        device=network.device,
    )
    rate = max(way.rate, way.distance / max(steps, way.steps))
    climber = torch.optim.Adam([drawing.numbers], lr=rate)
    generator = np.random.default_rng(seed)
    scores = torch.ones(len(objectives))
    for step in range(steps):
        images, alpha = drawing.picture()
        shown = images if alpha is None else images.lerp(_backdrop(images, generator), 1 - alpha)
        view = draw_turn(generator, PAD).of(shown)
        looked_at = batch
        if step < WAKING:
            sleeping = (scores == 0).tolist()
            chosen = zip(batch.objectives, awake, sleeping, strict=True)
            looked_at = Batch(tuple(w if asleep else o for o, w, asleep in chosen), diversity)
        scores, gradient = value_and_gradient(network, looked_at, view.detach())
        _climb(climber, view, gradient, scores, alpha)
        with torch.no_grad():
            images, alpha = drawing.picture()
        yield PortraitStep(step, steps, scores, images, alpha)


def way_of(objectives: Sequence[Objective]) -> Way:
    """How portraits of these are climbed."""
    return CLASSES if any(one.seen for one in objectives) else CHANNELS


def check(objective: Objective, spec: NetworkSpec, size: int) -> None:
    """Refuse what cannot be portrayed.

    Raises:
        ObjectiveError: a guide; or as in ``Objective.check``.
        NetworkError: no such layer.
    """
    if objective.guides:
        raise ObjectiveError("a portrait is of what a network looks for; a guide is a picture")
    objective.check(spec, (size, size))
    smallest = max(spec.layer(name).smallest for name in objective.layers)
    if size < smallest:
        raise ObjectiveError(
            f"{objective} of {spec.name} needs {smallest} pixels; take a larger size than {size}"
        )


def _climb(
    climber: torch.optim.Optimizer,
    view: Tensor,
    gradient: Tensor,
    scores: Tensor,
    alpha: Tensor | None,
) -> None:
    """One step up the gradient, through the view and the spectrum; Adam goes down."""
    climber.zero_grad()
    mean = gradient.abs().mean((1, 2, 3), keepdim=True)
    gradient = gradient / torch.where(mean > 0, mean, 1.0)
    if alpha is None:
        torch.autograd.backward([view], [-gradient])
    else:
        price = BACKDROP * alpha.numel() / len(alpha) * torch.ones_like(scores)
        torch.autograd.backward([view, alpha.mean((1, 2, 3))], [-gradient, price])
    climber.step()


def _reachable(objective: Objective) -> Objective:
    """An objective with the logits of its classes added."""
    terms = list(objective.terms)
    for weight, term in objective.terms:
        if isinstance(term, SeeTerm) and term.label.number is not None:
            terms.append((LOGIT * weight, ChannelTerm(term.layer, term.label.number)))
    return Objective(tuple(terms))


def _before_relu(objective: Objective, spec: NetworkSpec) -> Objective:
    """The same of the layers before their ReLUs, which lets no gradient through where it is 0."""
    known = {layer.name for layer in spec.layers}
    named = [
        (weight, term, term.layer.replace("relu", "conv", 1)) for weight, term in objective.terms
    ]
    return Objective(
        tuple(
            (weight, replace(term, layer=before) if before in known else term)
            for weight, term, before in named
        )
    )


def _backdrop(images: Tensor, generator: np.random.Generator) -> Tensor:
    """Something different behind the pictures at every step: colours with soft noise."""
    colour = torch.from_numpy(generator.random((len(images), 3, 1, 1), np.float32))
    noise = torch.from_numpy(generator.random((len(images), 3, 8, 8), np.float32))
    noise = torch.nn.functional.interpolate(noise, images.shape[-2:], mode="bilinear")
    return (colour.lerp(noise, 0.5)).to(images)
