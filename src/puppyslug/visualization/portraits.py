"""Portraits: feature visualisation of channels, neurons and classes, optimised from noise.

The method is Lucid's: Adam ascends the Fourier coefficients of an image with decorrelated colours,
under random affine transforms (Olah, Mordvintsev and Schubert, "Feature Visualization", Distill
2017).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks import NetworkSpec
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective
from puppyslug.objectives.terms.channel import ChannelTerm
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe import defaults
from puppyslug.visualization.fourier import FourierImages
from puppyslug.visualization.random_affine import draw_random_affine


class OptimisationSettings(NamedTuple):
    """How portraits of one kind are optimised.

    Attributes:
        decay: of the Fourier coefficients, see ``FourierImages``.
        learning_rate: smallest learning rate of Adam.
        travel: learning rate times steps that is needed to reach the result; short runs get a
            larger learning rate to cover it.
        size: default side length in pixels.
        steps: default number of steps.
    """

    decay: float
    learning_rate: float
    travel: float
    size: int
    steps: int

    def learning_rate_for(self, steps: int) -> float:
        """Compute the learning rate of a run of this many steps."""
        return max(self.learning_rate, self.travel / max(steps, self.steps))


CHANNEL_SETTINGS = OptimisationSettings(
    decay=1.35,
    learning_rate=0.05,
    travel=6.4,
    size=defaults.CHANNEL_ATLAS_SIDE,
    steps=defaults.CHANNEL_ATLAS_STEPS,
)
CLASS_SETTINGS = OptimisationSettings(  # for larger shapes and softer colours
    decay=1.5,
    learning_rate=0.2,
    travel=19.2,
    size=defaults.CLASS_ATLAS_SIDE,
    steps=defaults.CLASS_ATLAS_STEPS,
)

PRE_RELU_STEPS = 16  # initial steps, in which inactive channels are optimised before the ReLU
LOGIT_WEIGHT = 0.3  # of a class's logit; its probability alone has almost no gradient at first
PADDING = 12  # pixels of grey around the image, so that it can be shifted
OPACITY_PENALTY = 0.5  # weight of the mean alpha, subtracted from the score


@dataclass(frozen=True)
class PortraitStep:
    """The state of a batch of portraits after one step.

    Attributes:
        step: index of the step, from 0.
        steps: total number of steps.
        scores: (N,), scores of the transformed images before the step.
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
    """Optimise a batch of portraits, one for each objective.

    Args:
        objectives: one for each portrait; repeat an objective for several variants of it.
        network: the network to visualise.
        size: side length in pixels.
        steps: number of steps.
        seed: of the initial noise and the transforms.
        diversity: weight of the penalty on textures that the portraits of the batch share.
        transparent: whether to optimise an alpha channel, which hides what does not raise the
            score.

    Yields:
        The state after each step.

    Raises:
        ImageError: the size is too small for a layer.
        NetworkError: no such layer.
        ObjectiveError: no such channel, position or class; an objective with a guide.
    """
    objectives = [one.resolve_labels(network.find_label) for one in objectives]
    for objective in objectives:
        validate_portrait(objective, network.spec, size)
    settings = optimisation_settings(objectives)
    context = DreamTermContext(network, torch.full((1, 3, size, size), 0.5), {})
    batch = Batch(tuple(_with_class_logits(one).bind(context) for one in objectives), diversity)
    images = FourierImages(
        len(objectives),
        (size, size),
        torch.Generator().manual_seed(seed),
        decay=settings.decay,
        transparent=transparent,
        device=network.device,
    )
    optimiser = torch.optim.Adam([images.coefficients], lr=settings.learning_rate_for(steps))
    generator = np.random.default_rng(seed)
    scores = torch.ones(len(objectives))
    for step in range(steps):
        rgb, alpha = images.decode()
        opaque = rgb if alpha is None else rgb.lerp(_random_background(rgb, generator), 1 - alpha)
        view = draw_random_affine(generator, PADDING).apply(opaque)
        active = batch
        if step < PRE_RELU_STEPS:
            active = _with_inactive_before_relu(batch, scores, network.spec)
        scores, gradient = value_and_gradient(network, active, view.detach())
        _ascend(optimiser, view, gradient, scores, alpha)
        with torch.no_grad():
            rgb, alpha = images.decode()
        yield PortraitStep(step, steps, scores, rgb, alpha)


def optimisation_settings(objectives: Sequence[Objective]) -> OptimisationSettings:
    """Return the settings for a batch: those of classes if any objective names a class."""
    has_class = any(isinstance(term, SeeTerm) for one in objectives for _, term in one.terms)
    return CLASS_SETTINGS if has_class else CHANNEL_SETTINGS


def validate_portrait(objective: Objective, spec: NetworkSpec, size: int) -> None:
    """Check that an objective can be drawn as a portrait of this size.

    Raises:
        ObjectiveError: the objective has a guide, or the size is too small; or as in
            ``Objective.check``.
        NetworkError: no such layer.
    """
    if objective.references:
        raise ObjectiveError(
            f"{objective} cannot be drawn as a portrait: a guide needs a picture; name a layer, "
            "channel, neuron or class"
        )
    objective.check(spec, (size, size))
    min_size = max(spec.layer(name).min_size for name in objective.layers)
    if size < min_size:
        raise ObjectiveError(
            f"{objective} of {spec.name} needs at least {min_size} pixels, not {size}; use a "
            "larger size"
        )


def _ascend(
    optimiser: torch.optim.Optimizer,
    view: Tensor,
    gradient: Tensor,
    scores: Tensor,
    alpha: Tensor | None,
) -> None:
    """Take one step, backpropagating through the transform and the Fourier coefficients.

    Each image's gradient is divided by its mean magnitude, so that all learn at the same rate.
    """
    optimiser.zero_grad()
    mean = gradient.abs().mean((1, 2, 3), keepdim=True)
    gradient = gradient / torch.where(mean > 0, mean, 1.0)
    if alpha is None:
        torch.autograd.backward([view], [-gradient])  # negative: optimisers descend
    else:
        penalty = OPACITY_PENALTY * alpha.numel() / len(alpha) * torch.ones_like(scores)
        torch.autograd.backward([view, alpha.mean((1, 2, 3))], [-gradient, penalty])
    optimiser.step()


def _with_class_logits(objective: Objective) -> Objective:
    """Add the logits of an objective's classes, with a small weight."""
    terms = list(objective.terms)
    for weight, term in objective.terms:
        if len(term.classes) == 1:
            terms.append((LOGIT_WEIGHT * weight, ChannelTerm(term.layer, term.classes[0])))
    return Objective(tuple(terms))


def _with_inactive_before_relu(batch: Batch, scores: Tensor, spec: NetworkSpec) -> Batch:
    """Replace the objectives that score 0 by the same ones before the ReLU.

    A ReLU passes no gradient where its output is 0.
    """
    inactive = (scores == 0).tolist()
    return replace(
        batch,
        objectives=tuple(
            _before_relu(objective, spec) if is_inactive else objective
            for objective, is_inactive in zip(batch.objectives, inactive, strict=True)
        ),
    )


def _before_relu(objective: Objective, spec: NetworkSpec) -> Objective:
    """Move every term from a ReLU to the convolution below it, where the network has one."""
    layers = {layer.name for layer in spec.layers}
    terms = []
    for weight, term in objective.terms:
        convolution = term.layer.replace("relu", "conv", 1)
        known = convolution in layers
        terms.append((weight, replace(term, layer=convolution) if known else term))
    return Objective(tuple(terms))


def _random_background(images: Tensor, generator: np.random.Generator) -> Tensor:
    """Draw a background for each image: a random colour with smooth noise."""
    colour = torch.from_numpy(generator.random((len(images), 3, 1, 1), np.float32))
    noise = torch.from_numpy(generator.random((len(images), 3, 8, 8), np.float32))
    noise = torch.nn.functional.interpolate(noise, images.shape[-2:], mode="bilinear")
    return (colour.lerp(noise, 0.5)).to(images)
