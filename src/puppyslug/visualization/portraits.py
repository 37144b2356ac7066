"""Portraits: feature visualisation of channels, neurons and classes, optimised from noise.

The method is Lucid's: Adam ascends the Fourier coefficients of an image with decorrelated colours,
under random affine transforms (Olah, Mordvintsev and Schubert, "Feature Visualization", Distill
2017).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Unpack

import torch
from torch import Tensor

from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ObjectiveError, RecipeError
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks import NetworkSpec
from puppyslug.networks.network import Network, require_network
from puppyslug.objectives import Objective
from puppyslug.objectives.conversion import as_objectives
from puppyslug.objectives.terms.channel import ChannelTerm
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe import defaults
from puppyslug.visualization.drawing_options import DrawingOptions, validate_drawing
from puppyslug.visualization.inactive import find_inactive
from puppyslug.visualization.named import draw_named, names_classes
from puppyslug.visualization.optimiser import (
    OptimisationSettings,
    PortraitOptimiser,
    PortraitSettings,
    validate_settings,
)

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

AUTO, TRANSFORMS, SPECTRUM, VIVID = "auto", "transforms", "spectrum", "vivid spectrum"
METHODS = (AUTO, TRANSFORMS, SPECTRUM, VIVID)  # see ``PortraitRecipe.method``
PRE_RELU_STEPS = 16  # initial steps, in which inactive channels are optimised before the ReLU
LOGIT_WEIGHT = 0.3  # of a class's logit; its probability alone has almost no gradient at first
STARTS = 4  # of portraits that do not activate: that of the seed, and others
_SEED_STRIDE = 1_000_003  # between the seeds of the starts


@dataclass(frozen=True)
class PortraitStep:
    """The state of a batch of portraits after one step.

    Attributes:
        step: index of the step, from 0.
        steps: total number of steps.
        scores: (N,), scores of the transformed images before the step.
        images: N×3×H×W RGB in [0, 1].
        alpha: N×1×H×W in [0, 1], or None.
        inactive: after the last step, indices of the portraits that do not activate their channel.
    """

    step: int
    steps: int
    scores: Tensor
    images: Tensor = field(repr=False)
    alpha: Tensor | None = field(repr=False)
    inactive: tuple[int, ...] = ()

    @property
    def activates(self) -> bool:
        """Whether all scores are positive, so that every portrait certainly activates."""
        return bool((self.scores > 0).all())


@isolated
def portrait_steps(
    objectives: Sequence[Objective | str],
    network: Network,
    *,
    size: int | None = None,
    steps: int = defaults.PORTRAIT_STEPS,
    seed: int = defaults.SEED,
    diversity: float = 0.0,
    transparent: bool = False,
    method: str = "auto",
    **drawing: Unpack[DrawingOptions],
) -> Generator[PortraitStep, None, None]:
    """Optimise a batch of portraits, one for each objective.

    Args:
        objectives: one for each portrait, as objects or text; repeat an objective for several
            variants of it.
        network: the network to visualise.
        size: side length in pixels; default: 224, or the only size that the network accepts.
        steps: number of steps.
        seed: of the initial noise and the transforms.
        diversity: weight of the penalty on textures that the portraits of the batch share.
        transparent: whether to optimise an alpha channel, which hides what does not raise the
            score.
        method: as in ``PortraitRecipe``.
        **drawing: replaces parts of the optimisation: ``start`` (an image in place of noise),
            ``transform``, ``parameterisation``, ``optimiser``, ``learning_rate`` and ``decay``; see
            ``puppyslug.visualization.drawing_options.DrawingOptions``.

    Yields:
        The state after each step. The last one takes longer if portraits do not activate their
        channel: others are then searched for, from other starts and before the ReLU.

    Raises:
        ImageError: the size is too small for a layer.
        NetworkError: no such layer.
        ObjectiveError: no such channel, position or class; an objective with a guide.
        RecipeError: a setting is out of range.
    """
    require_network(network)
    size = default_side(network.spec) if size is None else size
    resolved = [one.resolve_labels(network.find_label) for one in as_objectives(objectives)]
    validate_settings(size, steps, seed, diversity)
    for objective in resolved:
        validate_portrait(objective, network.spec, size)
    context = DreamTermContext(network, torch.full((1, 3, size, size), 0.5), {})
    plain = not drawing and not transparent
    method = resolve_method(method, resolved, network.spec, plain=plain)
    if method != TRANSFORMS:
        bound = [one.bind(context) for one in resolved]
        vivid = method == VIVID
        drawn = draw_named(bound, network, size=size, steps=steps, seed=seed, vivid=vivid)
        for step, (scores, images) in enumerate(drawn):
            yield PortraitStep(step, steps, scores, images, None)
        return
    bound = [_with_class_logits(one).bind(context) for one in resolved]
    drawing = validate_drawing(drawing, size, transparent=transparent)
    optimisation = optimisation_settings(bound)
    settings = PortraitSettings(size, steps, diversity, transparent, optimisation, drawing)
    yield from _optimise(network, bound, settings, seed)


def _optimise(
    network: Network, objectives: Sequence[Objective], settings: PortraitSettings, seed: int
) -> Generator[PortraitStep, None, None]:
    """Optimise a batch under transforms, and search for portraits that do not activate."""
    optimiser, steps = PortraitOptimiser(network, objectives, settings, seed), settings.steps
    for step in range(steps):
        last = PortraitStep(step, steps, *optimiser.step(before_relu=step < PRE_RELU_STEPS))
        is_last = step + 1 == steps
        yield _search_inactive(network, objectives, settings, seed, last) if is_last else last


def _search_inactive(
    network: Network,
    objectives: Sequence[Objective],
    settings: PortraitSettings,
    seed: int,
    last: PortraitStep,
) -> PortraitStep:
    """Draw portraits that do not activate again, from other starts.

    Args:
        network: the network to visualise.
        objectives: one for each portrait.
        settings: of the portraits.
        seed: of the first start.
        last: the last step of the first start.

    Returns:
        The step with the portraits that were found.
    """
    inactive = _find_inactive(network, objectives, last)
    for start in range(1, STARTS):
        if not inactive:
            break
        chosen = [objectives[number] for number in inactive]
        optimiser = PortraitOptimiser(network, chosen, settings, seed + start * _SEED_STRIDE)
        for step in range(settings.steps):
            scores, rgb, alpha = optimiser.search_step()
            if step >= 2 * PRE_RELU_STEPS and not (scores > 0).any():
                break  # no gradient leads from here to the channel
        found = PortraitStep(last.step, last.steps, scores, rgb, alpha)
        last = _insert(last, inactive, found)
        inactive = _find_inactive(network, objectives, last)
    return replace(last, inactive=inactive)


def _find_inactive(
    network: Network, objectives: Sequence[Objective], step: PortraitStep
) -> tuple[int, ...]:
    """Return the indices of portraits that do not activate, with or without a transform."""
    if step.activates:
        return ()
    found = find_inactive(network, objectives, step.images)
    return tuple(
        number
        for number, (is_inactive, score) in enumerate(zip(found, step.scores, strict=True))
        if is_inactive and not score > 0
    )


def _insert(last: PortraitStep, numbers: Sequence[int], found: PortraitStep) -> PortraitStep:
    """Replace some portraits of a step by those that were found for them."""
    scores, images = last.scores.clone(), last.images.clone()
    alpha = None if last.alpha is None else last.alpha.clone()
    scores[list(numbers)], images[list(numbers)] = found.scores, found.images
    if alpha is not None and found.alpha is not None:
        alpha[list(numbers)] = found.alpha
    return PortraitStep(found.step, found.steps, scores, images, alpha)


def optimisation_settings(objectives: Sequence[Objective]) -> OptimisationSettings:
    """Return the settings for a batch: those of classes if any objective names a class."""
    has_class = any(isinstance(term, SeeTerm) for one in objectives for _, term in one.terms)
    return CLASS_SETTINGS if has_class else CHANNEL_SETTINGS


def resolve_method(
    method: str, objectives: Sequence[Objective], spec: NetworkSpec, *, plain: bool
) -> str:
    """Return what ``"auto"`` stands for: see ``PortraitRecipe.method``.

    Args:
        method: what was asked for.
        objectives: of the portraits.
        spec: of the network. Those of the caller are drawn with ``"transforms"``, unless
            ``"spectrum"`` is asked for: they may not accept its crops.
        plain: whether the portraits are opaque, and no part of the optimisation is replaced.

    Raises:
        RecipeError: there is no such method, or it cannot draw the objectives.
    """
    if method not in METHODS:
        raise RecipeError(f"method is {method!r}; use one of {', '.join(METHODS)}")
    is_named = all(names_classes(one) for one in objectives)
    if method == AUTO:
        can_draw = is_named and plain and not spec.uses_external_modules
        return SPECTRUM if can_draw else TRANSFORMS
    if method != TRANSFORMS and not (plain and is_named):
        obstacle = "objectives that are not classes" if plain else "transparent or custom portraits"
        raise RecipeError(f"the method {method} cannot draw {obstacle}; use {TRANSFORMS}")
    return method


def default_side(spec: NetworkSpec) -> int:
    """Return the default side length of portraits, in pixels."""
    return spec.input_side or defaults.PORTRAIT_SIDE


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


def _with_class_logits(objective: Objective) -> Objective:
    """Add the logits of an objective's classes, with a small weight."""
    terms = list(objective.terms)
    for weight, term in objective.terms:
        if len(term.classes) == 1:
            terms.append((LOGIT_WEIGHT * weight, ChannelTerm(term.layer, term.classes[0])))
    return Objective(tuple(terms))
